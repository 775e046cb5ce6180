"""Sending one e-mail over SMTP, by the standard library."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage

from core.errors import UserError
from core.messages import Message, msg
from core.notifications.delivery import MayHaveArrived, Unreachable
from core.service_settings import NotificationSettings
from core.setting import LOOPBACK
from core.workspace import Workspace

PASSWORD = "UPSWING_SMTP_PASSWORD"  # the environment's variable
TIMEOUT_S = 30.0  # of each answer of the server
_NAME = "[127.0.0.1]"  # what this machine calls itself: its own name is nobody's business
_NEEDED = {"smtp_host": msg("Mail server"), "mail_from": msg("Sender"), "mail_to": msg("Recipients")}
_ACCEPTED = (250, 251)
_CHECK = msg("Check server, port and encryption on the Settings page, then send a test message.")


def password(workspace: Workspace) -> str:
    """Return the password of the mail server: of the environment, else of its file in the workspace.

    Raises UserError where there is none, or where others can read the file.
    """
    expected = msg("The password for the mail server must be readable only by you.")
    if given := os.environ.get(PASSWORD):
        return given
    file = workspace.smtp_password
    if not file.exists():
        raise UserError(
            expected=expected,
            found=msg("There is no password for the mail server."),
            to_do=msg("Set the variable {name} for the worker, or write the password into {file}.", name=PASSWORD, file=str(file)),
        )
    if file.stat().st_mode & 0o077:
        raise UserError(
            expected=expected,
            found=msg("Other users can read {file}.", file=str(file)),
            to_do=msg("Run `chmod 600 {file}`, then try again.", file=str(file)),
        )
    return file.read_text(encoding="utf-8").strip("\r\n")


def need_settings(settings: NotificationSettings) -> None:
    """Raise UserError where a message cannot be sent with these settings, or a password would travel in the clear."""
    if missing := [name for setting, name in _NEEDED.items() if not getattr(settings, setting)]:
        raise UserError(
            expected=msg("An e-mail needs a server, a sender and a recipient."),
            found=msg("These settings are empty: {names}.", names=missing),
            to_do=msg("Fill them in on the Settings page, on the Notifications tab."),
        )
    if settings.smtp_user and settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK:
        raise UserError(
            expected=msg("A password goes out over an encrypted connection only."),
            found=msg("A user name is set for {server}, without encryption.", server=settings.smtp_host),
            to_do=msg("Choose STARTTLS or TLS, or leave the user name empty."),
        )


def send(settings: NotificationSettings, workspace: Workspace, message: EmailMessage) -> list[str]:
    """Send a message to the addresses of the settings; return those that the server refused, never all.

    Raises Unreachable, MayHaveArrived, or another UserError.
    """
    need_settings(settings)
    host, secret = settings.smtp_host, password(workspace) if settings.smtp_user else ""
    server = _connected(settings)
    try:
        if settings.smtp_user:
            server.login(settings.smtp_user, secret)
        return _transfer(server, settings, message)
    except smtplib.SMTPAuthenticationError as error:
        found = msg('{server} refused the user "{user}": {answer}', server=host, user=settings.smtp_user, answer=_answer(error.smtp_error))
        raise _refused(found, msg("Check user name and password. Some providers require a separate app password.")) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _refused(msg("{server} offers no sign-in over this connection.", server=host), _CHECK) from error
    except smtplib.SMTPResponseException as error:
        kind = Unreachable if 400 <= error.smtp_code < 500 else UserError
        found = msg("{server} refused the message: {answer}", server=host, answer=f"{error.smtp_code} {_answer(error.smtp_error)}")
        raise _refused(found, msg("Check sender and recipients on the Settings page, then send a test message."), kind) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _refused(msg("{server} broke the connection: {error}", server=host, error=str(error)), _CHECK, Unreachable) from error
    finally:
        server.close()


def _connected(settings: NotificationSettings) -> smtplib.SMTP:
    """Return a connection, encrypted as the settings say; the server's certificate is verified."""
    host, port, security = settings.smtp_host, settings.smtp_port, settings.smtp_security
    name = f"{host}:{port}"
    try:
        if security == "tls":
            return smtplib.SMTP_SSL(host, port, _NAME, timeout=TIMEOUT_S, context=ssl.create_default_context())
        server = smtplib.SMTP(host, port, _NAME, timeout=TIMEOUT_S)
        try:
            if security == "starttls":
                server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
        return server
    except ssl.SSLCertVerificationError as error:
        found = msg("The certificate of {server} isn't trusted: {reason}.", server=name, reason=error.verify_message)
        raise _refused(
            found, msg("Check the server's name. For a certificate authority of your own, set the variable SSL_CERT_FILE to its file.")
        ) from error
    except ssl.SSLError as error:
        raise _refused(
            msg("{server} doesn't answer with TLS: {reason}.", server=name, reason=error.reason or str(error)), _CHECK
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _refused(msg("{server} offers no STARTTLS.", server=name), _CHECK) from error
    except (smtplib.SMTPException, OSError) as error:  # no such name, nobody listening, no answer in time, not a mail server
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refused(msg("{server} cannot be reached: {reason}.", server=name, reason=reason), _CHECK, Unreachable) from error


def _transfer(server: smtplib.SMTP, settings: NotificationSettings, message: EmailMessage) -> list[str]:
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(settings.mail_from)
    if code not in _ACCEPTED:
        raise smtplib.SMTPSenderRefused(code, answer, settings.mail_from)
    answers = {address: server.rcpt(address) for address in settings.mail_to}
    refused = [address for address, (code, _) in answers.items() if code not in _ACCEPTED]
    if len(refused) == len(answers):
        raise smtplib.SMTPResponseException(*answers[refused[0]])
    try:
        code, answer = server.data(message.as_bytes())
    except smtplib.SMTPServerDisconnected as error:
        found = msg("{server} broke the connection before it confirmed the message.", server=settings.smtp_host)
        raise _refused(found, msg("Ask a recipient whether it has arrived. Upswing doesn't send it again."), MayHaveArrived) from error
    if code not in _ACCEPTED:
        raise smtplib.SMTPDataError(code, answer)
    with suppress(smtplib.SMTPException):  # the message is delivered, however they part
        server.quit()
    return refused


def _answer(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _refused(found: Message, to_do: Message, kind: type[UserError] = UserError) -> UserError:
    return kind(expected=msg("The mail server must accept the message."), found=found, to_do=to_do)
