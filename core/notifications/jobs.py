"""Sending as jobs: the weekly e-mail, the webhook, and a test message over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.errors import UpswingError, UserError
from core.messages import Message, msg, nmsg, sentences
from core.notifications import news, smtp
from core.notifications import webhook as webhooks
from core.notifications.delivery import MayHaveArrived, deliver
from core.notifications.news import MAIL, WEBHOOK, News
from core.progress import Progress
from core.service_settings import NotificationSettings
from core.storage.state import State
from core.workspace import Workspace


def mail(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """E-mail the report and the alerts that were not e-mailed before; nothing where there are none. Raises UserError."""
    settings = workspace.own_settings().notifications
    progress("send", 0.0)
    smtp.need_settings(settings)
    found = news.gather(workspace, MAIL)
    if not found:
        return {"text": msg("There is nothing new since the last e-mail.")}
    message = news.email(found, settings)
    with _marked(workspace, MAIL, found):
        refused = deliver(lambda: smtp.send(settings, workspace, message), progress)
    return {"text": _mailed(settings, refused, len(found.hits))}


def webhook(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Post the alerts that were not posted before; nothing where there are none. Raises UserError."""
    settings = workspace.own_settings().notifications
    progress("send", 0.0)
    found = news.gather(workspace, WEBHOOK)
    if not found:
        return {"text": msg("There are no new alerts since the last message.")}
    body = news.payload(found, settings.language)
    with _marked(workspace, WEBHOOK, found):
        deliver(lambda: webhooks.post(settings.webhook, body), progress)
    return {"text": nmsg("{count} alert was posted.", "{count} alerts were posted.", len(found.hits))}


def everything(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Send what is new over every channel that is set up. Raises UserError where none is, and for those that fail."""
    return _over_each(workspace, lambda: mail(workspace, {}, progress)["text"], lambda: webhook(workspace, {}, progress)["text"])


def test_message(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Send a test message over every channel that is set up, in one try. Raises UserError where none is, and for those that fail."""
    own = workspace.own_settings()
    settings, shop = own.notifications, " ".join(own.shop.name.split())

    def by_mail() -> Message:
        smtp.need_settings(settings)
        return _mailed(settings, smtp.send(settings, workspace, news.test_email(shop, settings)))

    def by_webhook() -> Message:
        webhooks.post(settings.webhook, news.test_payload(shop, settings.language))
        return msg("The webhook has accepted the message.")

    progress("send", 0.0)
    return _over_each(workspace, by_mail, by_webhook)


def _over_each(workspace: Workspace, by_mail: Callable[[], Message], by_webhook: Callable[[], Message]) -> dict:
    """Use every channel that is set up, whatever happens on the others."""
    settings, said, failed = workspace.own_settings().notifications, list[Message](), list[Message]()
    channels = [by_mail] * bool(settings.mail_to or settings.smtp_host) + [by_webhook] * bool(settings.webhook)
    if not channels:
        raise UserError(
            expected=msg("A message needs a recipient: an e-mail address or a webhook."),
            found=msg("Neither is set."),
            to_do=msg("Fill in the settings, save them, and try again."),
        )
    for send in channels:
        try:
            said.append(send())
        except UserError as error:
            failed.append(error.message)
    if failed:
        raise UpswingError(sentences(*failed, *said))
    return {"text": sentences(*said)}


def _mailed(settings: NotificationSettings, refused: list[str], alerts: int | None = None) -> Message:
    reached = len(settings.mail_to) - len(refused)
    return sentences(
        nmsg("The e-mail went to {count} address.", "The e-mail went to {count} addresses.", reached),
        nmsg("It contains {count} alert.", "It contains {count} alerts.", alerts) if alerts else "",
        msg("The server refused these: {addresses}.", addresses=refused) if refused else "",
    )


@contextmanager
def _marked(workspace: Workspace, channel: str, found: News) -> Iterator[None]:
    """Mark news as sent before it is sent, and take the mark back if it certainly has not arrived."""
    state = State(workspace)
    state.mark_sent(channel, found.subjects)
    try:
        yield
    except MayHaveArrived:
        raise
    except BaseException:  # a stopped job's too
        state.unmark_sent(channel, found.subjects)
        raise
