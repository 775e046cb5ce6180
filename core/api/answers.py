"""What the service answers from: one snapshot, opened once.

Forecasts and the lists of segments are held in memory. The list of a customer is read from its file, of which one part holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.capabilities.recommendations.own_ids import pseudonym
from core.storage import keys
from core.storage.queries import Serving
from core.workspace import Workspace


@dataclass(frozen=True)
class Answers:
    """as_of: last day of the data; segments: rows of each one's forecasts, and products: of each one's; key: of the pseudonyms."""

    serving: Serving
    as_of: str
    key: bytes
    titles: dict[str, str]
    forecasts: pd.DataFrame
    segments: dict[str, np.ndarray]
    products: dict[str, np.ndarray]
    lists: dict[str, list[dict]]

    @classmethod
    def of(cls, workspace: Workspace, serving: Serving) -> Answers:
        found = serving.ask("api_forecasts")
        names = serving.ask("api_titles")
        titles = dict(zip(names.product_id, names.title))
        lists = {
            segment: _rows(_titled(rows.drop(columns="segment"), titles))
            for segment, rows in serving.ask("api_segment_lists").groupby("segment")
        }
        return cls(
            serving,
            serving.ask("meta").as_of.iloc[0].date().isoformat(),
            keys.customers_key(workspace, create=False),
            titles,
            found,
            found.groupby("segment").indices,
            found.groupby("product_id").indices,
            {str(segment): rows for segment, rows in lists.items()},
        )

    def of_segment(self, segment: str, limit: int, offset: int) -> list[dict] | None:
        """Return a segment's forecasts, the highest chances first; None where there is no such segment."""
        places = self.segments.get(segment)
        return None if places is None else _rows(self.forecasts.take(places[offset : offset + limit]))

    def of_product(self, product: str) -> list[dict] | None:
        """Return a product's forecasts, those of all customers first; None where it has none."""
        places = self.products.get(product)
        return None if places is None else _rows(self.forecasts.take(places))

    def list_of(self, customer: str) -> list[dict]:
        """Return the list of a customer by the shop's own id; nothing where there is none."""
        found = self.serving.ask("api_list", customer_id=pseudonym(self.key, customer))
        return [] if found.empty else _rows(_titled(found, self.titles))


def _titled(rows: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    rows.insert(2, "title", [titles.get(product) for product in rows.product_id])
    return rows


def _rows(found: pd.DataFrame) -> list[dict]:
    """Return rows ready for JSON: what is not known is null."""
    columns: Iterable[list] = ([None if pd.isna(v) else v for v in found[name].tolist()] for name in found.columns)
    return [dict(zip(found.columns, row)) for row in zip(*columns)]
