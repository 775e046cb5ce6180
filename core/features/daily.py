"""The daily aggregate in the warehouse: events per product, customer group and day. Imports record from which day it is stale."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from zlib import crc32

import numpy as np

from core import __version__
from core.errors import NotReady, UserError
from core.messages import msg, nmsg
from core.progress import Progress
from core.schema import SIGNALS
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import product_numbers
from core.storage.engine import Engine
from core.workspace import Workspace


@dataclass(frozen=True)
class Shop:
    """The span of the aggregate. signal: the events that count as interest; rebuilt_from: first recomputed day, None = none."""

    first_day: date
    last_day: date
    signal: str
    rebuilt_from: date | None


def refresh(engine: Engine, workspace: Workspace, settings: Settings, progress: Progress) -> Shop:
    """Rebuild the days that imports touched since the last time, all of them when what they mean has changed.

    Raises NotReady where nothing says what sells, UserError for an unknown interest signal.
    """
    import pyarrow as pa

    from core.models.text import load_encoder

    signal = _choose_signal(engine, settings)
    code = crc32("".join(db.sql(f"features/{query}") for query in ("daily", "order_lines", "review_texts")).encode())
    encoder = load_encoder(settings.model.encoder).version
    meaning = json.dumps([signal, settings.shop.segment_attribute, __version__, code, encoder, product_numbers.digest(engine.con)])
    read_inputs(engine, settings.shop.segment_attribute)
    _sentiments(engine, workspace, settings, encoder, progress)
    built = engine.rows("features/daily_built")
    touched = engine.rows("features/touched")[0]["first_day"]
    from_day = touched if built and built[0]["meaning"] == meaning else date(1900, 1, 1)
    if from_day is not None:
        with engine.transaction():
            values = {"from_day": from_day, "signal": signal, "attribute": settings.shop.segment_attribute, "encoder": encoder}
            engine.replace_days("daily", from_day, "features/daily", **values)
            engine.replace_days("touched", None, pa.table({"table_name": pa.array([], pa.string())}))
            engine.replace_days("daily_built", None, pa.table({"meaning": [meaning]}))
    as_of = date.fromisoformat(settings.shop.as_of) if settings.shop.as_of else date.max
    span = engine.rows("features/span", as_of=as_of)[0]
    if span["first_day"] is None:
        raise NotReady(
            expected=msg("Features need days with {signal}.", signal=signal),
            found=msg("There are none."),
            to_do=msg("Import a file with some."),
        )
    with engine.transaction():
        engine.replace_days("lost_units", None, "features/lost_units", **asdict(settings.labels))
    return Shop(span["first_day"], span["last_day"], signal, from_day)


def read_inputs(engine: Engine, attribute: str) -> None:
    """Let statements read the order lines that count, by the customers' `attribute`, and the texts of reviews."""
    engine.table("features/order_lines", attribute=attribute)
    engine.view("features/review_texts")


def _choose_signal(engine: Engine, settings: Settings) -> str:
    counts = engine.rows("features/signals")[0]
    if settings.shop.signal:
        if settings.shop.signal not in SIGNALS:
            raise UserError(
                expected=msg("shop.signal must be one of {choices}.", choices=list(SIGNALS)),
                found=msg('shop.signal is "{value}".', value=settings.shop.signal),
                to_do=msg("Correct {file}.", file="upswing.toml"),
            )
        return settings.shop.signal
    for signal in SIGNALS:
        if counts[signal]:
            return signal
    raise NotReady(
        expected=msg("Features need orders, views, carts or reviews."),
        found=msg("The warehouse has none of them."),
        to_do=msg("Import a file with one of them."),
    )


def _sentiments(engine: Engine, workspace: Workspace, settings: Settings, encoder: str, progress: Progress) -> None:
    """Compute the sentiment of each text of a review once per encoder, the SHA-256 of its weights; the warehouse keeps it."""
    fresh = engine.rows("features/texts_without_sentiment", encoder=encoder)
    if not fresh:
        return
    import pyarrow as pa

    from core.models.text import sentiment

    progress("features", 0.02, nmsg("Reading {count} review", "Reading {count} reviews", len(fresh)))
    values = sentiment([r["text"] for r in fresh], settings.model.encoder, workspace.cache, progress=progress, device=settings.model.device)
    # In steps of 2^-13: their sums are exact in any order, and an encoder's last bits depend on the other texts of a batch.
    values = np.round(np.asarray(values, float) * 8192) / 8192
    texts = [r["text_sha256"] for r in fresh]
    engine.append("text_sentiment", pa.table({"text_sha256": texts, "encoder": [encoder] * len(texts), "sentiment": values}))
