"""What the states of orders count as: by the layout, by the words that all systems share, or by the shop's answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.ingest.blanks import NO_TEXT
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.persons.free_text import masked
from core.ingest.questions import Answers, Question
from core.ingest.recognise.layout import StateRule
from core.ingest.recognise.table_plan import TablePlan
from core.ingest.words import document_stages, finished_deliveries, known_states, normalised, state_columns, unclear_states
from core.ingest.words.documents import STAGES, prefixes
from core.messages import Message, msg

STATE = "--state"  # the flag that says what a state counts as
MOST_VALUES = 300  # of a state column; a column with more holds remarks
NOT_SOLD = msg("The order's status says it is not a sale.").template
PENDING = msg("The order's status says it is not paid or confirmed yet.").template
ARRIVED = msg("The delivery's status says it is complete or cancelled.").template
UNKNOWN = msg("What does {value} in column {column} count as? It is not a known status.").template
OF_A_NUMBER = msg(
    "Numbers in column {column} that begin with {value} look like those of quotations or purchases. What do these rows count as?"
).template
OF_ANOTHER_STAGE = msg(
    "Column {column} has {value} beside other documents of sales, which may list the same goods again. What does it count as?"
).template
REASONS = (  # what a state counts as -> why such rows are set aside; of sales, and of deliveries
    {"not a sale": NOT_SOLD, "pending": PENDING, "return": ""},
    {"not a sale": ARRIVED},
)
CHOICES = (
    ("sale", msg("a sale")),
    ("return", msg("a return: its units came back")),
    ("not a sale", msg("not a sale, such as a cancelled order")),
    ("pending", msg("not yet a sale, such as an unpaid order")),
)


@dataclass
class StateColumn:
    """One state column of a source. kinds: value -> what it counts as; unsure: values whose kind is a proposal -> why that is asked."""

    column: str
    cell: str  # SQL of its text
    kinds: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)  # template of the question, with {value} and {column}

    def values_of(self, kind: str) -> list[str]:
        return [value for value, one in self.kinds.items() if one == kind]


def decide(con, texts: TextTable, plan: TablePlan, answers: Answers) -> tuple[list[StateColumn], list[Message]]:
    """Return what each value of the plan's state columns counts as, and notes on columns that are not read as states."""
    given = {normalised(key.removeprefix(STATE)): kind for key, kind in answers.items() if key.startswith(f"{STATE} ")}
    decided: list[StateColumn] = []
    notes: list[Message] = []
    for rule in plan.states:
        column = StateColumn(rule.column, texts.text(rule.column, NO_TEXT))
        if rule.filled:  # such as the moment of cancelling: whatever it holds has one meaning, under the column's own name
            no = ", ".join(f"'{word}'" for word in state_columns("no"))
            own_name = rule.column.replace("'", "''")
            counts = f" and {texts.text(rule.unless, NO_TEXT)} is null" if rule.unless else ""
            column.cell = f"case when lower({column.cell}) not in ({no}){counts} then '{own_name}' end"
        if rule.prefixes:
            column.cell = _beginning(con, texts, column.cell)
        values = con.execute(
            f"select distinct {column.cell} as v from {quoted(texts.table)} where v is not null order by v limit {MOST_VALUES + 1}"
        ).fetchall()
        known = sum(normalised(value) in known_states() for (value,) in values)
        if rule.perhaps and not known or rule.mostly and 2 * known < max(len(values), 1):
            continue
        if len(values) > MOST_VALUES:
            notes.append(
                msg(
                    "Column {column} has more than {count} values and is not read as a status. No row is set aside by it.",
                    column=repr(rule.column),
                    count=MOST_VALUES,
                )
            )
            continue
        for (value,) in values:
            kind, sure = _kind(value, rule, plan, given)
            if kind:
                column.kinds[value] = kind
                if not sure:
                    column.unsure[value] = OF_A_NUMBER if rule.prefixes else UNKNOWN
        if rule.unless and column.kinds:
            notes.append(
                msg(
                    "Rows with a number in {quoted} and none in {order} are quotations without an order.",
                    quoted=repr(rule.column),
                    order=repr(rule.unless),
                )
            )
        _only_one_stage(con, texts, column, rule, given)
        decided.append(column)
    return decided, notes


def _beginning(con, texts: TextTable, number: str) -> str:
    """Return SQL of what the number of a document begins with, where that is known, else of null.

    The first letters are looked at alone first, for most files have none of a quotation.
    """
    known = sorted(prefixes(), key=len, reverse=True)
    heads = {word[:1] for word in known}
    seen = con.execute(f"select distinct lower({number}[1:1]) from {quoted(texts.table)} where {number} is not null").fetchall()
    pattern = "|".join(word.replace(" ", "[-_/ .]") for word in known)
    return (
        f"nullif(regexp_extract({number}, '(?i)^({pattern})[-_/ .#]*[0-9]', 1), '')"
        if heads & {head for (head,) in seen}
        else "null::varchar"
    )


def _only_one_stage(con, texts: TextTable, column: StateColumn, rule: StateRule, given: dict[str, str]) -> None:
    """Ask about invoices beside orders: the same goods may be on both, and are sold once, on the documents with most rows."""
    stage_of = document_stages()
    sold = {value: stage_of[normalised(value)] for value, kind in column.kinds.items() if kind == "sale" and normalised(value) in stage_of}
    if len(set(sold.values())) < 2 or rule.values:
        return
    rows = dict(con.execute(f"select {column.cell} as value, count(*) from {quoted(texts.table)} group by value").fetchall())
    most = max(STAGES, key=lambda stage: sum(rows[value] for value, one in sold.items() if one == stage))
    for value, stage in sold.items():
        if stage != most and normalised(shown(value)) not in given:
            column.kinds[value], column.unsure[value] = "not a sale", OF_ANOTHER_STAGE


def shown(value: str) -> str:
    """Return a state, or the name of a line, as the report and its questions show it: whoever typed it may have named a person.

    >>> shown("Partially paid"), shown("Call 0171 5500000")
    ('Partially paid', 'Call [phone]')
    """
    return masked(value, of_goods=True)


def _kind(value: str, rule: StateRule, plan: TablePlan, given: dict[str, str]) -> tuple[str, bool]:
    """Return what a value counts as and whether that is sure; "" for one that says nothing."""
    word, own, said = normalised(value), dict(rule.values), normalised(shown(value))
    if not word:  # a dash says nothing
        return "", True
    if said in given:
        return given[said], True
    if rule.filled:
        return rule.filled, True
    if word in own:
        return own[word], True
    if plan.table == "deliveries":
        return ("not a sale" if word in finished_deliveries() else ""), True
    if word in known_states():
        return known_states()[word], True
    if "*" in own:
        return own["*"], True
    if rule.prefixes:
        return "not a sale", False
    if word in unclear_states():
        return unclear_states()[word], False
    return "sale", False


def questions(file: str, counts: list, columns: list[StateColumn], totals: tuple[int, float, int | None]) -> list[Question]:
    """Return a question for each value whose kind is only proposed.

    counts: of core.ingest.report.StateCount. totals: rows, units and cents of the file, of which a question's share is measured.
    """
    unsure = {(column.column, shown(value)): why for column in columns for value, why in column.unsure.items()}
    return [
        Question(
            STATE,
            one.value,
            one.counts_as,
            CHOICES,
            Message(unsure[one.column, one.value], {"value": repr(one.value), "column": one.column}),
            file,
            rows=one.rows,
            share=max(_share(part, whole) for part, whole in zip((one.rows, one.units, one.cents), totals)),
        )
        for one in counts
        if (one.column, one.value) in unsure
    ]


def _share(part: float | None, whole: float | None) -> float:
    return min(1.0, abs(part) / abs(whole)) if part and whole else 0.0
