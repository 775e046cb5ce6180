"""The truth: everything planted, for tests and comparisons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator.calendar import CAMPAIGNS, DAYS, date_of
from generator.story import RECIPES, Event, Story


def tables(story: Story, sold_after: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the truth: events.csv, campaigns.csv and next_28_days.csv (`sold_after`: what sells right after the last day)."""
    ids = story.catalogue.table["product_id"].to_numpy()
    rows = [
        _row(number, ids, event, RECIPES[event.kind].cause)
        for number, event in enumerate(e for e in story.events if e.end > 0 and e.precursor_start < DAYS)
    ]
    campaigns = pd.DataFrame(CAMPAIGNS, columns=["name", "starts_on", "ends_on", "factor", "countries"])
    after = sold_after.groupby("product").agg(orders=("basket", "nunique"), units=("units", "sum"))
    after = after.reindex(range(len(ids)), fill_value=0)
    return {
        "events": pd.DataFrame(rows),
        "campaigns": campaigns,
        "next_28_days": pd.DataFrame({"product_id": ids, "orders": after["orders"].to_numpy(), "units": after["units"].to_numpy()}),
    }


def _row(number: int, ids: np.ndarray, event: Event, cause: str) -> dict:
    return {
        "event_id": f"E{number + 1:04d}",
        "product_id": ids[event.product],
        "starts_on": date_of(event.start),
        "ends_on": date_of(event.end),
        "precursor_on": date_of(event.tells),
        "kind": event.kind,
        "cause": cause,
        "segment_attribute": event.segment_attribute,
        "segment": event.segment,
        "size": event.size,
        "keeps": event.keep,
        "hidden_units": int(event.hidden_units),
        "group": event.group,
    }
