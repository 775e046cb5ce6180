"""Own rates and labels at given origins: what the panel's labels and the track record of past forecasts are both made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta

from core.features.daily import Shop
from core.features.labels import label
from core.settings import LabelSettings, Settings
from core.storage.engine import Engine

SEGMENT_RULES = ("segment_attribute", "segment_min_orders", "segment_min_customers", "max_segments")  # settings that make the segments
_INPUTS = ("n_base", "n_horizon", "base_length", "prior_a", "prior_b", "growth", "expected", "phi")


def own_rates(engine: Engine, settings: Settings, shop: Shop, origins: Iterable[date]) -> dict:
    """Keep the segments, stock and own rates at these origins as the tables segment_of, horizon_stock and own_rate; return their values.

    Origins whose base window begins before the shop's data are left out. Reads `daily` and no day after `shop.last_day`.
    """
    import pyarrow as pa

    first = shop.first_day + timedelta(days=settings.labels.base_days - 1)
    engine.register("every_origin", pa.table({"as_of": pa.array(sorted({t for t in origins if t >= first}), pa.date32())}))
    values = dict(
        asdict(settings.labels),
        attribute=settings.shop.segment_attribute,
        signal=shop.signal,
        min_orders=settings.shop.segment_min_orders,
        min_customers=settings.shop.segment_min_customers,
        max_segments=settings.shop.max_segments,
        last_day=shop.last_day,
    )
    for query in ("segment_of", "horizon_stock", "own_rate"):
        engine.table(f"features/{query}", **values)
    return values


def label_rows(engine: Engine, labels: LabelSettings) -> None:
    """Keep rising, falling and tail of the matured rows at the origins in `origin`: tails of a negative binomial, which SQL lacks."""
    import pyarrow as pa

    rows = engine.arrow("features/label_inputs")
    rising, falling, tail = label(**{name: rows[name].to_numpy() for name in _INPUTS}, settings=labels)
    key = {name: rows[name] for name in ("as_of", "segment", "product_id")}
    engine.register("labels", pa.table(key | {"rising": rising, "falling": falling, "tail": tail}))
