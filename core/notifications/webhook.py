"""Posting JSON to the address of the settings, by the standard library. Redirects are refused: they could lead anywhere."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from core.errors import UserError
from core.messages import Message, msg
from core.notifications.delivery import MayHaveArrived, Unreachable
from core.setting import LOOPBACK, is_webhook

TIMEOUT_S = 10.0
_LATER = (429, 503)  # answers that ask to try again


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_, **__) -> None:
        """Follow none: the answer is an error like any other."""


def post(address: str, body: dict) -> None:
    """Post a body as JSON. Raises Unreachable, MayHaveArrived, or another UserError; they name the host alone, since the rest of an
    address is often a secret."""
    host = urlsplit(address).hostname or ""
    if not address or not is_webhook(address):
        raise _refused(msg("No such address is set."), msg("Enter it on the Settings page, on the Notifications tab."))
    proxies = urllib.request.ProxyHandler({} if host in LOOPBACK else None)
    request = urllib.request.Request(
        address,
        json.dumps(body, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Upswing"},
        method="POST",
    )
    try:
        urllib.request.build_opener(_NoRedirects, proxies).open(request, timeout=TIMEOUT_S).close()
    except urllib.error.HTTPError as error:
        error.close()
        kind = Unreachable if error.code in _LATER else UserError
        found = msg("{server} answered with {code}.", server=host, code=f"{error.code} {http.client.responses.get(error.code, '')}".strip())
        moved = msg("It redirects to another address: enter that one on the Settings page.")
        check = msg("Check the address on the Settings page and the service's own log, then send a test message.")
        raise _refused(found, moved if error.code in (301, 302, 303, 307, 308) else check, kind) from error
    except urllib.error.URLError as error:
        found = msg(
            "{server} cannot be reached: {reason}.", server=host, reason=getattr(error.reason, "strerror", None) or str(error.reason)
        )
        raise _refused(found, msg("Check the address on the Settings page, then send a test message."), Unreachable) from error
    except (OSError, http.client.HTTPException) as error:
        found = msg("{server} broke the connection before it answered: {error}", server=host, error=str(error) or type(error).__name__)
        raise _refused(found, msg("Check whether it has arrived. Upswing doesn't send it again."), MayHaveArrived) from error


def _refused(found: Message, to_do: Message, kind: type[UserError] = UserError) -> UserError:
    return kind(expected=msg("A webhook is an https address that answers with success."), found=found, to_do=to_do)
