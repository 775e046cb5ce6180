"""Answers to the questions of an import: those given with it, those of earlier imports of the same layout, and those still missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import UserError
from core.ingest.names import plain
from core.ingest.questions import Answers, Question
from core.messages import Message, msg, nmsg, sentences
from core.storage.facts import ANSWERS, Fact

COLUMN = "--column"
NO_COLUMN = "-"  # the answer that no column of the file is what a place needs
ONCE = ("--as-of", "--same-orders")  # flags whose answer holds for one import
READ_ANEW = (
    "--state ",
    "--keep ",
    "--amount ",
    "--date-format ",
    "--decimal ",
    "--each-row",
    "--stock-rows",
    "--bundles",
    "--same-orders",
    "--attribute ",
)  # flags after which the same file has other rows
SHOWN = ("--date-format ", "--decimal ")  # flags whose answers files show themselves, and which are remembered for later ones
LONGEST = 400  # characters of flags in one instruction


@dataclass(frozen=True)
class KnownAnswers:
    """given: with this import. earlier: layout -> the answers that imports before it remembered."""

    given: Answers = field(default_factory=dict)
    earlier: Mapping[str, Answers] = field(default_factory=dict)

    def of(self, layout: str) -> Answers:
        """Return the answers for the files of a layout; what is given now wins.

        >>> KnownAnswers({"--state Open": "sale"}, {"a": {"--state Open": "pending", "--time-zone": "UTC"}}).of("a")
        {'--state Open': 'sale', '--time-zone': 'UTC'}
        """
        return {**self.earlier.get(layout, {}), **self.given}

    def to_remember(self, layouts: Iterable[tuple[str, Answers]]) -> dict[str, Answers]:
        """Return layout -> the answers that later imports of it use, for all layouts with any. Names of columns are a fact of the shop.

        layouts: of the files, each with what the file itself shows, which its next ones may leave open.
        """
        lasting = {key: value for key, value in self.given.items() if key.split(" ")[0] not in ONCE and not _names_column(key, value)}
        changed = {layout: {**self.earlier.get(layout, {}), **shown, **lasting} for layout, shown in layouts}
        return {layout: answers for layout, answers in {**self.earlier, **changed}.items() if answers}


def known_answers(facts: Iterable[Fact], given: Answers) -> KnownAnswers:
    """Return what the facts of a warehouse remember beside what is given."""
    earlier = {f.name.removeprefix(ANSWERS): dict(f.value) for f in facts if f.name.startswith(ANSWERS)}  # type: ignore[call-overload]
    return KnownAnswers(given, earlier)


def signature(columns: list[str]) -> str:
    """Return the name under which answers for files with these columns are remembered, where no layout is declared.

    >>> signature(["Order Date", "SKU"]) == signature(["sku", "order_date"])
    True
    """
    return "columns-" + hashlib.sha256("\n".join(sorted(map(plain, columns))).encode()).hexdigest()[:12]


def with_columns(answers: Answers, columns: tuple[str, ...]) -> Answers:
    """Return the answers with names of columns, each "table.column = name", among them.

    >>> with_columns({}, ("orders.units = Menge", "orders.units==1"))
    {'--column orders.units': '=1'}
    """
    split = (hint.partition("=") for hint in columns)
    return {**answers, **{f"{COLUMN} {place.strip()}": name.strip() for place, _, name in split}}


def column_names(answers: Answers) -> tuple[str, ...]:
    """Return the answers that name a column of a file, as "table.column = name"."""
    return tuple(f"{key.removeprefix(COLUMN).strip()} = {value}" for key, value in answers.items() if _names_column(key, value))


def constants(answers: Answers) -> dict[str, str]:
    """Return "table.column" -> the value on every row of a file that lacks the column.

    >>> constants({"--column orders.units": "=1", "--column orders.order_id": "Beleg"})
    {'orders.units': '1'}
    """
    given = {key: value for key, value in answers.items() if key.startswith(COLUMN + " ") and value.startswith("=")}
    return {key.removeprefix(COLUMN).strip(): value.removeprefix("=").strip() for key, value in given.items()}


def answers_digest(answers: Answers, given: Answers) -> str:
    """Return text that differs where answers change what the rows of a file count as; "" without any.

    given: those of this import. What an earlier file has shown changes nothing of a file that shows it too.

    >>> answers_digest({"--time-zone": "UTC"}, {}), answers_digest({"--state Open": "sale", "--decimal price": ","}, {})
    ('', '--state Open=sale')
    """
    counted = {key: value for key, value in answers.items() if key.startswith(READ_ANEW)}
    return "".join(sorted(f"{key}={value}" for key, value in counted.items() if key in given or not key.startswith(SHOWN)))


def refuse_open(questions: list[Question]) -> None:
    """Raise UserError with the flags to answer with, where questions are open."""
    if not questions:
        return
    first, flags = questions[0], as_flags(questions, LONGEST)
    rest = len(questions) - len(flags)
    raise OpenQuestions(
        questions,
        found=sentences(
            nmsg("{count} question about the files is open.", "{count} questions about the files are open.", len(questions)),
            _short(first.about),
        ),
        expected=msg("Nothing is stored until they are answered."),
        to_do=sentences(
            msg("Answer with {flags}, or with other values.", flags=" ".join(flags)) if flags else "",
            nmsg("--dry-run shows {count} more question.", "--dry-run shows {count} more questions.", rest) if rest else "",
        ),
    )


def as_flags(questions: list[Question], longest: int) -> list[str]:
    """Return the flags that answer with the proposals, as many as fit into so many characters."""
    flags: list[str] = []
    for argument in (q.argument() for q in questions):
        longest -= len(argument) + 1
        if longest < 0:
            break
        flags.append(argument)
    return flags


class OpenQuestions(UserError):
    """An import with questions that matter and that nobody has answered. Nothing is stored."""

    def __init__(self, questions: list[Question], expected: Message, found: Message, to_do: Message):
        super().__init__(expected, found, to_do)
        self.questions = questions


def _short(about: Message) -> Message | str:
    return about if len(str(about)) < 150 else ""


def _names_column(key: str, value: str) -> bool:
    return key.startswith(COLUMN + " ") and not value.startswith("=") and value != NO_COLUMN
