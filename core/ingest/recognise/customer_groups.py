"""Columns of a list of customers that may group them and may be about persons: left out unless a person says that they are groups."""

from __future__ import annotations

from collections import Counter

from core.ingest.persons.column_names import KINDS
from core.ingest.persons.column_values import is_name
from core.ingest.questions import Answers, Question
from core.messages import Message, msg, nmsg

ATTRIBUTE = "--attribute"  # the flag that says whether a column becomes an attribute of customers
USE, LEAVE_OUT = "use", "leave-out"
CHOICES = ((LEAVE_OUT, msg("leave it out")), (USE, msg("use it to group customers")))
MOST_GROUPS = 20
FEWEST_CUSTOMERS = 10  # of a group; of a smaller one a forecast would be of persons
NEARLY_ALL = 0.9  # of the filled cells, in groups of that size


def is_used(column: str, answers: Answers) -> bool:
    """Return whether a person said that a column of customers holds groups."""
    return answers.get(f"{ATTRIBUTE} {column}") == USE


def may_group(cells: list[str | None]) -> bool:
    """Return whether the values of a column are those of groups: a few words, each of many customers.

    >>> may_group(["single"] * 20 + ["family"] * 30), may_group(["yes"] * 50), may_group([str(n) for n in range(50)])
    (True, False, False)
    """
    counts = Counter(cell.strip() for cell in cells if cell and cell.strip())
    groups = {value: n for value, n in counts.items() if n >= FEWEST_CUSTOMERS and any(map(str.isalpha, value))}
    return 2 <= len(groups) and len(counts) <= MOST_GROUPS and sum(groups.values()) >= NEARLY_ALL * sum(counts.values())


def names_persons(cells: list[str | None]) -> Message | None:
    """Return what a few values, each of many customers, are where most of them are names, such as those of sellers."""
    values = {cell.strip() for cell in cells if cell and cell.strip()}
    return KINDS["names"] if values and sum(map(is_name, values)) > len(values) / 2 else None


def question(column: str, cells: list[str | None], file: str) -> Question:
    """Return what to ask about a column that may group customers."""
    groups = len({cell.strip() for cell in cells if cell and cell.strip()})
    about = nmsg(
        "Column {column} has {count} value, each of many customers. Is it a group that you sell to, or personal?",
        "Column {column} has {count} values, each of many customers. Are these groups that you sell to, or personal?",
        groups,
        column=repr(column),
    )
    return Question(ATTRIBUTE, column, LEAVE_OUT, CHOICES, about, file, len(cells), persons=True)
