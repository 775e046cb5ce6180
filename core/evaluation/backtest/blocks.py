"""The training and test origins of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.errors import UserError
from core.messages import msg, nmsg

BLOCKS = 3
ORIGINS_A_BLOCK = 8
SPREAD_DAYS = 364  # the blocks lie within the last year, in different seasons
MIN_TRAIN_ORIGINS = 13  # a quarter, which has to contain the model's validation origins and an embargo


@dataclass(frozen=True)
class Block:
    """Train on origins up to train_until; predict the test origins, all at least horizon_days later."""

    number: int
    train_until: date
    test: tuple[date, ...]

    @property
    def name(self) -> str:
        return f"{self.test[0]} to {self.test[-1]}"


def as_date(text: str | date | None, option: str) -> date | None:
    """Return a date from ISO text or a date. Raises a UserError that names the option."""
    if text is None or isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError(
            expected=msg("{option} takes a date like 2011-07-31.", option=option),
            found=msg('"{value}" is not a date.', value=str(text)),
            to_do=msg("Correct the date."),
        ) from error


def plan(
    origins: list[date], horizon_days: int, train_until: date | None = None, test_from: date | None = None, test_until: date | None = None
) -> list[Block]:
    """Return the blocks of a backtest over `origins`: ascending dates whose labels are known.

    Without dates: up to BLOCKS blocks of ORIGINS_A_BLOCK origins spread over the last year, fewer or smaller where history is short. With
    any date: one block. A missing train_until is horizon_days before the first test origin. A missing test_from is horizon_days after
    train_until, or ORIGINS_A_BLOCK origins before the end without train_until. A missing test_until is the last origin. Raises UserError
    where the embargo is broken or too few origins are left to train or test on.
    """
    if not origins:
        raise UserError(
            expected=msg("A backtest needs weekly origins with a known outcome."),
            found=msg("No horizon of {days} days has passed yet.", days=horizon_days),
            to_do=msg("Import at least {days} more days of data.", days=horizon_days),
        )
    if train_until or test_from or test_until:
        return [_single(origins, horizon_days, train_until, test_from, test_until)]
    free = [o for o in origins if trainable(origins, o, horizon_days) >= MIN_TRAIN_ORIGINS]
    if not free:
        raise UserError(
            expected=msg(
                "A backtest needs {origins} weekly training origins, {days} days before the first test origin.",
                origins=MIN_TRAIN_ORIGINS,
                days=horizon_days,
            ),
            found=msg(
                "{origins} origins have a known outcome, {first} to {last}.", origins=len(origins), first=origins[0], last=origins[-1]
            ),
            to_do=msg("Import a longer history, or choose an earlier `since`."),
        )
    free = [o for o in free if o > free[-1] - timedelta(SPREAD_DAYS)]
    size = min(ORIGINS_A_BLOCK, len(free))
    count = min(BLOCKS, len(free) // size)
    ends = [len(free)] if count == 1 else np.linspace(size, len(free), count).round().astype(int)
    return [block(number, origins, tuple(free[end - size : end]), horizon_days) for number, end in enumerate(ends, 1)]


def select_blocks(blocks: list[Block], numbers: tuple[int, ...]) -> list[Block]:
    """Return the blocks with these numbers, () = all. Raises UserError for an unknown number."""
    unknown = sorted(set(numbers) - {b.number for b in blocks})
    if unknown:
        raise UserError(
            expected=msg("The blocks are {blocks}.", blocks=[str(b.number) for b in blocks]),
            found=msg("There are no blocks {blocks}.", blocks=[str(number) for number in unknown]),
            to_do=msg("Choose other --blocks."),
        )
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
            expected=msg(
                "An embargo of {days} days must lie between the last training origin and the first test origin.", days=horizon_days
            ),
            found=msg(
                "They are {days} days apart ({first} and {last}), so training labels would overlap the test period.",
                days=(test_from - train_until).days,
                first=train_until,
                last=test_from,
            ),
            to_do=msg(
                "Test from {first}, or train until {last}.",
                first=train_until + timedelta(horizon_days),
                last=test_from - timedelta(horizon_days),
            ),
        )
    if test_until is not None and test_until > origins[-1] + timedelta(6):
        raise UserError(
            expected=msg("The outcome of test origins must be known. The last such origin is {day}.", day=origins[-1]),
            found=msg("--test-until is {day}.", day=test_until),
            to_do=msg("Choose an earlier date, or import newer data."),
        )
    test = tuple(o for o in origins if o >= test_from and (test_until is None or o <= test_until))
    if not test:
        raise UserError(
            expected=msg("At least one origin must lie between {first} and {last}.", first=test_from, last=test_until or origins[-1]),
            found=msg("The origins are {first} to {last}.", first=origins[0], last=origins[-1]),
            to_do=msg("Choose other dates."),
        )
    return block(1, origins, test, horizon_days, train_until)


def block(number: int, origins: list[date], test: tuple[date, ...], horizon_days: int, train_until: date | None = None) -> Block:
    latest = test[0] - timedelta(horizon_days)
    train = [o for o in origins if o <= min(latest, train_until or latest)]
    if len(train) < MIN_TRAIN_ORIGINS:
        raise UserError(
            expected=msg("Training needs at least {origins} origins.", origins=MIN_TRAIN_ORIGINS),
            found=nmsg(
                "There is {count} origin up to {day}.", "There are {count} origins up to {day}.", len(train), day=train_until or latest
            ),
            to_do=msg("Test later, import a longer history, or choose an earlier `since`."),
        )
    return Block(number, train[-1], test)


def trainable(origins: list[date], test_from: date, horizon_days: int) -> int:
    return sum(o <= test_from - timedelta(horizon_days) for o in origins)
