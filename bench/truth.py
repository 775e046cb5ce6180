"""Are the reasons right? Attributions against what was planted in the sample shop: python -m bench.truth OUT.json

The last year of origins is told in four quarters, each by a model that learnt from earlier origins alone, up to `horizon_days` before
the quarter, from the panel as it was known then. The quarters join, so that a rise is judged when it is first called.

A *planted rise* is a row of sample_data/truth/events.csv with a size above 1. Where its cause is no driver (nothing in the data tells of
it: an article's first season, the first of a motif, a burst), or it starts in a group by which the panel has no segments (an age
band, where the segments are countries), no reason can be right: such rises are counted apart, as not to be known, and nothing is
demanded of them.
The others are looked for in their own segments where they have some, else in `all`. Several definitions of "the model calls it" make
sense; both are counted, and the strict one is the figure that has to keep its limit:

strict    Every origin at which the rise is in play: it begins within the horizon, or is under way while the label says rising.
          Called once `rising_probability` reaches the threshold; the first such origin counts, once a rise. Right where one
          of the first two drivers that the page names as pushing up (core.capabilities.forecast.reasons) is the planted cause, or that of
          another rise in
          play there; `largest` counts the two largest attributions instead, whatever they are.
fair      The same with three differences. Origins before `precursor_on` do not count: nothing in the data tells of the rise,
          so a call then is about something else. Neither do rows whose label is not rising: no rise, no reason. And a
          fad is looked for in `all`: its cause says that one group buys first and everybody follows, which inside the group tells nothing.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from bench.measure import REPOSITORY, say
from core.capabilities.forecast.reasons import named
from core.errors import UserError
from core.evaluation import metrics
from core.evaluation.backtest import as_known
from core.evaluation.backtest.blocks import Block, plan
from core.messages import msg
from core.models.explain import driver_attributions
from core.models.panel import Panel
from core.models.train import fit
from core.schema import ALL, DRIVERS, LIKELY, WORTH_SAYING
from core.settings import Settings
from core.workspace import Workspace

EVENTS = REPOSITORY / "sample_data" / "truth" / "events.csv"
BLOCKS, ORIGINS_A_BLOCK = 4, 13
DEFINITIONS = ("strict", "fair")
UNKNOWABLE = "(not to be known)"
COUNTS = ("rises", "called", "in_top_two", "top", "largest")


@dataclass(frozen=True)
class Rise:
    """A planted rise. segments: where it happens first or only; () = everywhere."""

    product: str
    starts_on: np.datetime64
    ends_on: np.datetime64
    precursor_on: np.datetime64
    kind: str
    cause: str
    segments: tuple[str, ...] = ()

    def in_play(self, origin: np.datetime64, rising: bool, horizon_days: int, definition: str = "strict") -> bool:
        """Is a call of this product at this origin one of this rise?"""
        begins = origin < self.starts_on <= origin + horizon_days
        under_way = self.starts_on <= origin < self.ends_on and rising
        return bool(begins or under_way) and (definition == "strict" or bool(rising and origin >= self.precursor_on))

    def knowable(self, known: set[str]) -> bool:
        """Can a driver of a panel with these segments know its cause?"""
        return self.cause in DRIVERS and (not self.segments or any(s in known for s in self.segments))

    def places(self, known: set[str], definition: str = "strict") -> tuple[str, ...]:
        """The segments of the panel in which this rise is looked for."""
        own = () if definition == "fair" and self.cause == "audience" else tuple(s for s in self.segments if s in known)
        return own or (ALL,)


@dataclass(frozen=True)
class Forecasts:
    """n rows of forecasts of past origins: origin (n,) datetime64[D], product, segment (n,) names, probability, rising (n,)."""

    origin: np.ndarray
    product: np.ndarray
    segment: np.ndarray
    probability: np.ndarray
    rising: np.ndarray


def planted_rises(path: Path = EVENTS) -> list[Rise]:
    """The rises of the truth. UserError where the file is missing or a cause is no driver."""
    if not path.is_file():
        raise UserError(
            expected=msg("This benchmark reads the planted events."),
            found=msg("There is no file {path}.", path=str(path)),
            to_do=msg("Run `python sample_data/generate.py`."),
        )
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["size"]) > 1]
    unknown = {row["cause"] for row in rows} - {*DRIVERS, "none"}
    if unknown:
        raise UserError(
            expected=msg("The causes are {drivers}.", drivers=list(DRIVERS)),
            found=msg("Unknown causes are given: {causes}.", causes=sorted(unknown)),
            to_do=msg("Correct {file}.", file=path.name),
        )
    return [
        Rise(
            row["product_id"],
            *(np.datetime64(row[name], "D") for name in ("starts_on", "ends_on", "precursor_on")),
            row["kind"],
            row["cause"],
            tuple(row["segment"].split()),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Call:
    """The first row in which a rise is called; row None where it never is. causes: what counts as right there. knowable: see Rise."""

    rise: Rise
    row: int | None = None
    causes: frozenset[str] = frozenset()
    knowable: bool = True


def calls(rises: list[Rise], told: Forecasts, at_least: float, horizon_days: int, definition: str = "strict") -> list[Call]:
    """One Call a rise that was in play in some row of the forecasts."""
    known, in_time = set(told.segment), np.lexsort((-told.probability, told.origin))  # of two segments at one origin the surer one
    rows, of_product = defaultdict(list), defaultdict(list)
    for place, i in enumerate(in_time):
        rows[told.product[i], told.segment[i]].append((place, i))
    for rise in rises:
        of_product[rise.product].append(rise)

    def in_play(rise: Rise, row: int, definition: str) -> bool:
        return rise.in_play(told.origin[row], told.rising[row] > 0, horizon_days, definition)

    out = []
    for rise in rises:
        mine = [i for _, i in sorted(pair for place in rise.places(known, definition) for pair in rows[rise.product, place])]
        mine = [i for i in mine if in_play(rise, i, definition)]
        row = next((int(i) for i in mine if told.probability[i] >= at_least), None)
        causes = () if row is None else (other.cause for other in of_product[rise.product] if in_play(other, row, "strict"))
        if mine:
            out.append(Call(rise, row, frozenset(causes), rise.knowable(known)))
    return out


def top_two(attributions: np.ndarray, drivers: tuple[str, ...]) -> list[str]:
    """Up to two drivers that push up, as the page names them. attributions (K,)."""
    return [driver for driver, value in named(zip(drivers, attributions)) if value > 0][:2]


def largest_two(attributions: np.ndarray, drivers: tuple[str, ...]) -> list[str]:
    """Up to two drivers that push up most, whatever they are."""
    return [drivers[i] for i in np.argsort(-attributions, kind="stable") if attributions[i] > 0][:2]


def compare(found: list[Call], attributions: dict[int, np.ndarray], drivers: tuple[str, ...]) -> dict[str, dict]:
    """kind (and `all` of them) -> rises, called, in_top_two, top, largest (the cause is among the two largest attributions), and
    `instead`: the top two where neither is right, counted.

    Rises that are not to be known have kinds, and an `all`, of their own.
    """
    out: dict[str, dict] = {}
    for call in found:
        for name in ("all", call.rise.kind) if call.knowable else (f"all {UNKNOWABLE}", f"{call.rise.kind} {UNKNOWABLE}"):
            count = out.setdefault(name, dict.fromkeys(COUNTS, 0) | {"instead": Counter()})
            count["rises"] += 1
            if call.row is None:
                continue
            count["called"] += 1
            best = top_two(attributions[call.row], drivers)
            right = [driver in call.causes for driver in best]
            count["in_top_two"] += any(right)
            count["top"] += right[:1] == [True]
            count["largest"] += any(driver in call.causes for driver in largest_two(attributions[call.row], drivers))
            if not any(right):
                count["instead"][" + ".join(best) or "nothing"] += 1
    return {name: count | {"instead": dict(count["instead"].most_common())} for name, count in sorted(out.items())}


def measure(workspace: Workspace, path: Path = EVENTS) -> dict:
    """What OUT.json holds: blocks (with average precision), and for each definition and threshold the counts of `compare`."""
    settings, horizon = workspace.settings(), workspace.settings().labels.horizon_days
    rises = planted_rises(path)
    panel = Panel.open(workspace.panel, workspace.cache)
    parts, blocks, models = [], [], []
    for quarter in quarters(panel, horizon):
        say(f"  learning until {quarter.train_until}, telling {quarter.name}")
        rows, probability, model, figures = tell(panel, quarter, settings)
        parts.append((rows, probability))
        models.append(model)
        blocks.append(figures)
    rows, block_of = np.concatenate([r for r, _ in parts]), np.repeat(np.arange(len(parts)), [len(r) for r, _ in parts])
    told = Forecasts(
        panel.as_of[rows],
        np.array(panel.products, dtype=object)[panel.product[rows]],
        np.array(panel.segments, dtype=object)[panel.segment[rows]],
        np.concatenate([p for _, p in parts]),
        panel.rising[rows],
    )
    found = {(d, t): calls(rises, told, t, horizon, d) for d in DEFINITIONS for t in (WORTH_SAYING, LIKELY)}
    wanted = np.unique([call.row for each in found.values() for call in each if call.row is not None]).astype(int)
    attributions = {}
    for number, model in enumerate(models):
        here = wanted[block_of[wanted] == number]
        attributions |= dict(zip(here.tolist(), driver_attributions(model, panel, rows[here])[0]))
    for number, block in enumerate(blocks):  # a driver whose past the shop did not have yet cannot be learnt: later quarters know more
        here = [call for call in found["strict", WORTH_SAYING] if call.row is not None and block_of[call.row] == number]
        block |= {key: compare(here, attributions, model.drivers).get("all", {}).get(key, 0) for key in ("called", "in_top_two")}
    counts = {d: {f"{t:g}": compare(found[d, t], attributions, model.drivers) for t in (WORTH_SAYING, LIKELY)} for d in DEFINITIONS}
    return {"blocks": blocks, "counts": counts}


def quarters(panel: Panel, horizon_days: int) -> list[Block]:
    """The last year of origins with known labels in joined blocks, each with its own last origin to learn from."""
    origins = [d.astype(date) for d in np.unique(panel.as_of[panel.all_rows & np.isfinite(panel.rising)])]
    last = origins[-BLOCKS * ORIGINS_A_BLOCK :]
    cuts = [last[i : i + ORIGINS_A_BLOCK] for i in range(0, len(last), ORIGINS_A_BLOCK)]
    return [plan(origins, horizon_days, test_from=cut[0], test_until=cut[-1])[0] for cut in cuts]


def tell(panel: Panel, block: Block, settings: Settings) -> tuple[np.ndarray, np.ndarray, object, dict]:
    """(rows, rising_probability, model, figures) of a block's origins; the model learnt from what was known before them."""
    learn = np.flatnonzero(np.isfinite(panel.rising) & (panel.as_of <= np.datetime64(block.train_until)))
    model = fit(as_known(panel, block.test[0], settings.labels.horizon_days), learn, settings.model, recipe=settings.recipe)
    rows = np.flatnonzero(np.isin(panel.as_of, np.array(block.test, dtype="datetime64[D]")))
    probability = model.predict(panel, rows)["rising"]
    judged = panel.all_rows[rows] & np.isfinite(panel.rising[rows])
    y, p = panel.rising[rows][judged], probability[judged]
    return (
        rows,
        probability,
        model,
        {
            "learnt_until": str(block.train_until),
            "from": str(block.test[0]),
            "until": str(block.test[-1]),
            "base_rate": float(y.mean()),
            "average_precision": metrics.average_precision(y, p),
            "brier_skill": metrics.brier_skill(y, p),
        },
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure(Workspace.at()), indent=1), encoding="utf-8")
