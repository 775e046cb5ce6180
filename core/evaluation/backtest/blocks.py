"""Which origins a backtest learns from and which it is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.errors import UserError

BLOCKS = 3
ORIGINS_A_BLOCK = 8
SPREAD_DAYS = 364  # the blocks lie within the last year, so that they see different seasons
MIN_TRAIN_ORIGINS = 13  # a quarter: the model also needs its own validation origins and an embargo inside these


@dataclass(frozen=True)
class Block:
    """Learn from origins up to train_until; predict the test origins, all at least horizon_days later."""

    number: int
    train_until: date
    test: tuple[date, ...]

    @property
    def name(self) -> str:
        return f"{self.test[0]} to {self.test[-1]}"


def as_date(text: str | date | None, option: str) -> date | None:
    """A date given as ISO text (or already one); UserError names the option."""
    if text is None or isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{option} as a date like 2011-07-31", repr(text), "correct it") from error


def plan(
    origins: list[date], horizon_days: int, train_until: date | None = None, test_from: date | None = None, test_until: date | None = None
) -> list[Block]:
    """The blocks of a backtest over `origins`: ascending dates whose labels are known.

    With no dates: up to BLOCKS blocks of ORIGINS_A_BLOCK origins spread over the last year, fewer or smaller where history
    is short. With any date: one block. A missing train_until is horizon_days before the first test origin; a missing
    test_from is horizon_days after train_until (without train_until: ORIGINS_A_BLOCK origins before the end); a missing
    test_until is the last origin. UserError where the embargo is broken or too little is left to learn from or test on.
    """
    if not origins:
        raise UserError("origins whose horizon has passed", "none", f"import at least {horizon_days} days more")
    if train_until or test_from or test_until:
        return [_single(origins, horizon_days, train_until, test_from, test_until)]
    free = [o for o in origins if _trainable(origins, o, horizon_days) >= MIN_TRAIN_ORIGINS]
    if not free:
        raise UserError(
            f"{MIN_TRAIN_ORIGINS} weekly origins to learn from, {horizon_days} days before the first one to test on",
            f"{len(origins)} origins with known labels, {origins[0]} to {origins[-1]}",
            "import a longer history, or choose an earlier `since`",
        )
    free = [o for o in free if o > free[-1] - timedelta(SPREAD_DAYS)]
    size = min(ORIGINS_A_BLOCK, len(free))
    count = min(BLOCKS, len(free) // size)
    ends = [len(free)] if count == 1 else np.linspace(size, len(free), count).round().astype(int)
    return [_block(number, origins, tuple(free[end - size : end]), horizon_days) for number, end in enumerate(ends, 1)]


def some(blocks: list[Block], numbers: tuple[int, ...]) -> list[Block]:
    """Those with these numbers, () = all; UserError for a number that there is not."""
    unknown = sorted(set(numbers) - {b.number for b in blocks})
    if unknown:
        raise UserError(f"--blocks among {', '.join(str(b.number) for b in blocks)}", ", ".join(map(str, unknown)), "choose others")
    return [b for b in blocks if not numbers or b.number in numbers]


def _single(origins, horizon_days, train_until, test_from, test_until) -> Block:
    if test_from is None:
        if train_until is not None:
            test_from = train_until + timedelta(horizon_days)
        else:
            test_from = [o for o in origins if test_until is None or o <= test_until][-ORIGINS_A_BLOCK:][:1] or [origins[0]]
            test_from = test_from[0]
    if train_until is not None and (test_from - train_until).days < horizon_days:
        raise UserError(
            f"an embargo of {horizon_days} days between the last training origin and the first test origin",
            f"{(test_from - train_until).days} days ({train_until} to {test_from}): labels learnt from would overlap what is tested",
            f"test from {train_until + timedelta(horizon_days)} or train until {test_from - timedelta(horizon_days)}",
        )
    if test_until is not None and test_until > origins[-1] + timedelta(6):
        raise UserError(
            f"test origins whose {horizon_days} days have passed, the last being {origins[-1]}",
            f"--test-until {test_until}",
            "choose an earlier date, or import newer data",
        )
    test = tuple(o for o in origins if o >= test_from and (test_until is None or o <= test_until))
    if not test:
        raise UserError(
            f"at least one origin between {test_from} and {test_until or origins[-1]}",
            f"origins {origins[0]} to {origins[-1]}",
            "choose other dates",
        )
    return _block(1, origins, test, horizon_days, train_until)


def _block(number: int, origins: list[date], test: tuple[date, ...], horizon_days: int, train_until: date | None = None) -> Block:
    latest = test[0] - timedelta(horizon_days)
    learnt = [o for o in origins if o <= min(latest, train_until or latest)]
    if len(learnt) < MIN_TRAIN_ORIGINS:
        raise UserError(
            f"at least {MIN_TRAIN_ORIGINS} origins to learn from",
            f"{len(learnt)} up to {train_until or latest}",
            "test later, import a longer history, or choose an earlier `since`",
        )
    return Block(number, learnt[-1], test)


def _trainable(origins: list[date], test_from: date, horizon_days: int) -> int:
    return sum(o <= test_from - timedelta(horizon_days) for o in origins)
