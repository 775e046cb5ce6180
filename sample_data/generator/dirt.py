"""Faults of real exports, planted on top of the clean tables, with the expected result of the import for each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator.story import Story

DROPPED, QUARANTINED, WARNED = "duplicate dropped", "quarantined", "kept with a warning"


class Soil:
    """Faulty rows, added to one table at random places and recorded."""

    def __init__(self, rng: np.random.Generator, file: str, frame: pd.DataFrame, header_lines: int) -> None:
        self.rng, self.file, self.header_lines = rng, file, header_lines
        self.frame = frame.reset_index(drop=True).astype(object)
        self.place = np.arange(len(frame), dtype=float)  # position of a row; added rows follow half a row after their original
        self.what = np.full(len(frame), "", dtype=object)
        self.notes: dict[str, tuple[str, str]] = {}

    def duplicate(self, rows: int, outcome: str = DROPPED) -> None:
        """Add exact copies, each right behind its original: one of the two is dropped, but for lines of an order, which are two sales."""
        self._insert("exact duplicate", self._sources(rows), {}, outcome, "")

    def broken(self, what: str, column: str, values: list, **readable: str) -> None:
        """Add copies of good rows with one invalid value: each is quarantined, but for values that are `readable`, which are kept."""
        self._insert(what, self._sources(len(values)), {column: values}, QUARANTINED, column)
        for name, value in readable.items():
            self.what[(self.what == what) & (self.frame[column] == value)] = name.replace("_", " ")
            self.notes[name.replace("_", " ")] = (column, WARNED)

    def changed(self, what: str, column: str, rows: np.ndarray, values: list, outcome: str) -> None:
        """Change one value in rows of the shop itself."""
        self.frame.loc[rows, column] = pd.Series(values, index=rows, dtype=object)
        self.what[rows] = what
        self.notes[what] = (column, outcome)

    def copied(self, what: str, column: str, values: list, outcome: str) -> None:
        """Add copies of good rows with one value replaced by an unusual one that must be kept."""
        self._insert(what, self._sources(len(values)), {column: values}, outcome, column)

    def finish(self) -> tuple[pd.DataFrame, list[dict]]:
        """Return the table with its faults in place, and a row of dirt.csv for each kind of fault."""
        order = np.argsort(self.place, kind="stable")
        frame, what = self.frame.iloc[order].reset_index(drop=True), self.what[order]
        found = []
        for name, (column, outcome) in self.notes.items():
            lines = np.flatnonzero(what == name) + 1 + self.header_lines
            found.append(
                {
                    "file": self.file,
                    "what": name,
                    "column": column,
                    "rows": len(lines),
                    "expected": outcome,
                    "lines": " ".join(map(str, lines)),
                }
            )
        return frame, found

    def _sources(self, rows: int) -> np.ndarray:
        clean = np.flatnonzero(self.what == "")
        return np.sort(self.rng.choice(clean, min(rows, len(clean)), replace=False))

    def _insert(self, what: str, sources: np.ndarray, values: dict[str, list], outcome: str, column: str) -> None:
        if not len(sources):
            return
        copies = self.frame.loc[sources].copy()
        for name, new in values.items():
            copies[name] = pd.Series(new[: len(sources)], index=copies.index, dtype=object)
        self.frame = pd.concat([self.frame, copies], ignore_index=True)
        self.place = np.r_[self.place, self.place[sources] + 0.5]
        self.what = np.r_[self.what, np.full(len(sources), what, dtype=object)]
        self.what[sources] = np.where(self.what[sources] == "", "-", self.what[sources])  # a row is used for one fault only
        self.notes[what] = (column, outcome)


def plant(rng: np.random.Generator, story: Story, tables: dict[str, pd.DataFrame], files: dict[str, str]) -> tuple[dict, pd.DataFrame]:
    """Return the tables with faults, and dirt.csv. files: table -> its file."""
    ids = story.catalogue.table["product_id"].to_numpy()
    quiet = np.setdiff1d(np.flatnonzero(story.pace < np.quantile(story.pace, 0.35)), [e.product for e in story.events])
    quiet = rng.permutation(quiet)
    few = max(1, round(len(ids) / 200))
    amount = len(tables["orders"]) / 215_000
    soils = {name: Soil(rng, files[name], frame, 1 if ".csv" in files[name] else 0) for name, frame in tables.items()}

    products = soils["products"]
    products.changed("missing title", "title", np.sort(quiet[:few]), [""] * few, QUARANTINED)
    products.changed("price that is no number", "price", np.sort(quiet[few : 2 * few]), (["POA", "on request"] * few)[:few], WARNED)
    abroad = np.sort(quiet[2 * few : 6 * few])
    products.changed("another currency than the shop's", "currency", abroad, (["EUR", "EUR", "USD"] * len(abroad))[: len(abroad)], WARNED)
    products.duplicate(few)

    orders = soils["orders"]
    orders.duplicate(max(3, round(140 * amount)), WARNED)
    orders.broken("impossible date", "ordered_at", ["2025-02-30 10:14", "2025-13-04 09:30", "0000-00-00 00:00", "2024-11-31 18:05"] * 4)
    orders.broken("units that are no number", "units", ["two", "n/a", "1 pc", "l2", "?", "one"] * 2, units_with_a_word="1 pc")
    orders.broken("missing product", "product_id", [""] * 6)
    orders.copied("product that is not in the catalogue", "product_id", ["KD-0417"] * 9, WARNED)

    events = soils["events"]
    events.duplicate(max(3, round(80 * amount)))
    events.broken("kind that nobody knows", "kind", ["hover"] * 20)
    events.broken("missing product", "product_id", [None] * 12)

    reviews = soils["reviews"]
    reviews.duplicate(max(2, round(15 * amount)))
    reviews.broken("missing product", "product_id", [None] * 5)
    reviews.broken("impossible date", "created_at", ["2025-02-30T10:00:00", "2024-09-31T08:12:00", "2026-00-10T12:00:00"])
    reviews.broken("rating that is no number", "rating", ["five", "great", "good"])

    soils["customers"].duplicate(6)
    soils["customers"].broken("missing customer", "customer_id", [""] * 3)
    empty = np.flatnonzero(tables["stock"]["on_hand"].to_numpy() == 0)
    negative = np.sort(rng.choice(empty, min(14, len(empty)), replace=False))
    soils["stock"].changed("negative stock", "on_hand", negative, [-int(v) for v in rng.integers(1, 9, len(negative))], WARNED)
    soils["stock"].duplicate(max(2, round(25 * amount)))
    soils["promotions"].broken("ends before it starts", "ends_on", ["2023-06-01", "2023-06-03"])
    soils["market"].broken("value that is no number", "value", ["n/a", "n/a", "-", "n/a"])
    soils["links"].duplicate(5)
    soils["links"].broken("missing target", "target", ["", ""])
    soils["impressions"].broken("position below the first", "position", [0] * 5)
    soils["searches"].broken("missing query", "query", [None] * 4)
    soils["contacts"].duplicate(4)
    soils["contacts"].broken("neither yes nor no", "treated", ["maybe", "?", "bounced"])

    finished = {name: soil.finish() for name, soil in soils.items()}
    return {name: frame for name, (frame, _) in finished.items()}, pd.DataFrame([row for _, rows in finished.values() for row in rows])
