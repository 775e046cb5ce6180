"""The routes of the HTTP service, its token, and its refusals. It reads the served snapshot and writes nothing.

Every answer is JSON. All routes but health and the description need the header `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from core import __version__
from core.api import description
from core.api.answers import Answers
from core.capabilities.recommendations.tables import LENGTH
from core.errors import NotReady, UpswingError, UserError
from core.messages import Message, msg, show
from core.storage import snapshots
from core.storage.queries import Serving
from core.workspace import Workspace

MOST = 1_000  # rows of an answer


def application(workspace: Workspace, token: str, hosts: tuple[str, ...] = ("127.0.0.1", "localhost")) -> Starlette:
    """Return the service of one workspace. hosts: names by which it may be asked, so that no web page can ask under another name."""
    service = _Service(workspace, token)
    return Starlette(
        routes=[
            Route("/api/v1/health", service.health),
            Route("/api/v1/forecasts", service.open(service.forecasts)),
            Route("/api/v1/forecasts/{product:path}", service.open(service.forecast)),
            Route("/api/v1/recommend", service.open(service.recommend)),
            Route("/api/openapi.json", lambda request: JSONResponse(description.openapi())),
            Route("/api", lambda request: HTMLResponse(description.page())),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
        exception_handlers={UpswingError: _refused},
    )


class Unknown(UserError):
    """What was asked for does not exist."""


class _Service:
    def __init__(self, workspace: Workspace, token: str):
        self._workspace, self._token = workspace, token
        self._answers: Answers | None = None
        self._opening = threading.Lock()  # many may ask before the first answer

    def open(self, answer: Callable[[Request, Answers], Any]) -> Callable[[Request], Response]:
        """Return an endpoint that asks for the token and answers from the served snapshot."""

        def endpoint(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                return _problem(
                    request,
                    401,
                    UserError(
                        expected=msg("The service needs the header Authorization: Bearer TOKEN."),
                        found=msg("The token is missing or wrong."),
                        to_do=msg("Read the token in the workspace's file api.token."),
                    ),
                )
            answers = self._current()
            return JSONResponse({"snapshot": answers.serving.folder.name, "as_of": answers.as_of} | answer(request, answers))

        return endpoint

    def _current(self) -> Answers:
        snapshot = snapshots.current(self._workspace)
        if snapshot is None:
            raise NotReady(
                expected=msg("The service needs a published snapshot."),
                found=msg("No snapshot has been published yet."),
                to_do=msg("Run `upswing run` first."),
            )
        with self._opening:
            if self._answers is None or self._answers.serving.folder != snapshot.path:
                self._answers = Answers.of(self._workspace, Serving(snapshot.path, threads=1))
            return self._answers

    def health(self, request: Request) -> Response:
        """Answer without a token: whether there is something to serve."""
        snapshot = snapshots.current(self._workspace)
        if snapshot is None:
            return JSONResponse({"status": "no_snapshot", "version": __version__, "snapshot": None}, 503)
        return JSONResponse({"status": "ok", "version": __version__, "snapshot": snapshot.path.name})

    def forecasts(self, request: Request, answers: Answers) -> dict:
        segment = request.query_params.get("segment", "all")
        limit, offset = _whole(request, "limit", 100, 1, MOST), _whole(request, "offset", 0, 0)
        found = answers.of_segment(segment, limit, offset)
        if found is None:
            raise _unknown(msg("There is no segment {segment}.", segment=segment), msg("Leave it out for all customers."))
        return {"segment": segment, "forecasts": found}

    def forecast(self, request: Request, answers: Answers) -> dict:
        product = request.path_params["product"]
        found = answers.of_product(product)
        if found is None:
            raise _unknown(msg("There is no forecast of product {product}.", product=product), msg("Check the number."))
        return {"product_id": product, "forecasts": found}

    def recommend(self, request: Request, answers: Answers) -> dict:
        customer, limit = request.query_params.get("customer"), _whole(request, "limit", LENGTH, 1, LENGTH)
        segment = request.query_params.get("segment", "all")
        own = [] if customer is None else answers.list_of(customer)
        listed = own or answers.lists.get(segment, [])  # a customer without purchases is served what the group buys
        return {"list": "customer" if own else "segment", "segment": segment, "products": listed[:limit]}


def _whole(request: Request, name: str, default: int, least: int, most: int = 10**9) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
        raise UserError(
            expected=msg("{name} is a whole number from {least} to {most}.", name=name, least=least, most=most),
            found=msg("{name} is {value}.", name=name, value=given[:50]),
            to_do=msg("Correct it, or leave it out."),
        )
    return int(given)


def _unknown(found: Message, to_do: Message) -> Unknown:
    return Unknown(expected=msg("Only what the served snapshot holds can be answered."), found=found, to_do=to_do)


def _refused(request: Request, error: Exception) -> Response:
    code = 404 if isinstance(error, Unknown) else 503 if isinstance(error, NotReady) else 400 if isinstance(error, UserError) else 500
    return _problem(request, code, error)


def _problem(request: Request, code: int, error: Any) -> Response:
    language = "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
    parts = {name: show(text, language) for name in ("found", "expected", "to_do") if (text := getattr(error, name, None))}
    return JSONResponse({"error": parts or {"found": show(error.message, language)}}, code)
