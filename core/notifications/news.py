"""What is new for a channel, and how it reads: as an e-mail, and as the JSON of the webhook.

Both hold only what pages show: products and figures, nothing of customers or planners.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid

from core import alerts, data_age, report
from core.errors import NotReady
from core.formats import shortened
from core.messages import Message, lines, msg, nmsg, show
from core.service_settings import NotificationSettings
from core.settings import effective
from core.storage import snapshots
from core.storage.queries import Serving
from core.storage.state import Hit, State
from core.workspace import Workspace

MAIL, WEBHOOK = "mail", "webhook"  # channels, as the state store knows them
_TITLE = 90  # characters of a product's title
_POLICY = policy.SMTP.clone(cte_type="7bit")  # every server takes that


@dataclass(frozen=True)
class News:
    """What a channel has not yet been sent. report: the weekly report as HTML, "" where that of this snapshot was sent before.

    titles: of the hits' products.
    """

    shop: str
    snapshot: str
    as_of: date
    hits: list[Hit]
    titles: dict[str, str]
    report: str = ""

    def __bool__(self) -> bool:
        return bool(self.hits or self.report)

    @property
    def subjects(self) -> list[str]:
        """Return the names under which the state store remembers that these were sent."""
        return [hit.key for hit in self.hits] + ([_report_of(self.snapshot)] if self.report else [])

    def line(self, hit: Hit, language: str) -> str:
        """Return an alert in one line: product, what it found, and the figure now and before."""
        said = alerts.sentence(hit)
        if hit.kind == alerts.AGE:
            return show(said, language)
        now, title = alerts.figure(hit, hit.figure), shortened(self.titles.get(hit.product_id, hit.product_id), _TITLE)
        if hit.earlier is None:
            line = msg("{product} ({number}): {found} (now {now})", product=title, number=hit.product_id, found=said, now=now)
        else:
            line = msg(
                "{product} ({number}): {found} (now {now}, before {before})",
                product=title,
                number=hit.product_id,
                found=said,
                now=now,
                before=alerts.figure(hit, hit.earlier),
            )
        return show(line, language)


def gather(workspace: Workspace, channel: str) -> News:
    """Return what is new for a channel: alerts found since, the age of the data, and for the e-mail the report.

    Raises NotReady without a snapshot.
    """
    served = snapshots.current(workspace)
    if served is None:
        raise NotReady(
            expected=msg("A message needs a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    state, serving = State(workspace), Serving(served.path)
    settings = effective(workspace.own_values(), serving.facts())
    old = alerts.too_old(served.id, data_age.age(date.fromisoformat(served.as_of), settings), settings.notifications.data_age_days)
    hits = [hit for hit in (*state.hits(), *([old] if old else [])) if not state.is_sent(channel, hit.key)]
    named = serving.ask("alert_figures", products=sorted({hit.product_id for hit in hits}))
    news = News(
        shop=" ".join(settings.shop.name.split()),
        snapshot=served.id,
        as_of=date.fromisoformat(served.as_of),
        hits=hits,
        titles={row.product_id: row.title for row in named.itertuples() if isinstance(row.title, str)},
    )
    if channel == MAIL and not state.is_sent(MAIL, _report_of(served.id)):
        return replace(news, report=report.html(workspace, served.path, settings.notifications.language))
    return news


def email(news: News, settings: NotificationSettings) -> EmailMessage:
    """Return the weekly e-mail: the alerts as text, the report attached."""
    language = settings.language
    found = [f"- {news.line(hit, language)}" for hit in news.hits]
    attached = msg("The weekly report is attached. Open it in a browser, or print it.")
    told = nmsg("{count} new alert:", "{count} new alerts:", len(found)) if found else msg("There are no new alerts.")
    same = msg("There is no newer forecast than in the last report.")
    title = msg("Weekly report: {shop}", shop=news.shop) if news.report else msg("Alerts: {shop}", shop=news.shop)
    text = lines(attached if news.report else same, msg("Data to {day}.", day=news.as_of), "", told, *found)
    message = _message(show(title, language), show(text, language), news.shop, settings)
    if news.report:
        name = f"upswing-{news.as_of}.html"
        message.add_attachment(news.report.encode(), maintype="text", subtype="html", filename=name, params={"charset": "utf-8"})
    return message


def payload(news: News, language: str) -> dict:
    """Return the JSON of the webhook (docs/how-to/get-notified.md)."""
    said = [news.line(hit, language) for hit in news.hits]
    found = [
        {
            "kind": hit.kind,
            "product": hit.product_id or None,
            "title": news.titles.get(hit.product_id),
            "threshold": hit.threshold,
            "now": hit.figure,
            "before": hit.earlier,
            "data_to": hit.as_of.isoformat(),
            "text": line,
        }
        for hit, line in zip(news.hits, said)
    ]
    return _body("alerts", news.shop, "\n".join(said)) | {"data_to": news.as_of.isoformat(), "snapshot": news.snapshot, "alerts": found}


def test_email(shop: str, settings: NotificationSettings) -> EmailMessage:
    title, text = _test(shop)
    return _message(show(title, settings.language), show(text, settings.language), shop, settings)


def test_payload(shop: str, language: str) -> dict:
    return _body("test", shop, show(_test(shop)[1], language))


def _test(shop: str) -> tuple[Message, Message]:
    return msg("Test message: {shop}", shop=shop), msg("Notifications of {shop} arrive here.", shop=shop)


def _body(event: str, shop: str, text: str) -> dict:
    return {"event": event, "shop": shop, "text": text}


def _message(title: str, text: str, shop: str, settings: NotificationSettings) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = title
    message["From"] = Address(shop, addr_spec=settings.mail_from)
    message["To"] = [Address(addr_spec=address) for address in settings.mail_to]
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # so that no out-of-office reply comes back (RFC 3834)
    message.set_content(text + "\n")
    return message


def _report_of(snapshot: str) -> str:
    return f"report {snapshot}"
