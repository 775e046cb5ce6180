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
from core.ingest.words import finished_deliveries, known_states, normalised, state_columns, unclear_states
from core.messages import Message, msg

STATE = "--state"  # the flag that says what a state counts as
MOST_VALUES = 300  # of a state column; a column with more holds remarks
NOT_SOLD = msg("By its state, the order is not a sale.").template
PENDING = msg("By its state, the order is not paid or confirmed yet.").template
ARRIVED = msg("By its state, the delivery is complete or cancelled.").template
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
    """One state column of a source. kinds: value -> what it counts as; unsure: values whose kind is a proposal."""

    column: str
    cell: str  # SQL of its text
    kinds: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

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
            column.cell = f"case when lower({column.cell}) not in ({no}) then '{own_name}' end"
        values = con.execute(
            f"select distinct {column.cell} as v from {quoted(texts.table)} where v is not null order by v limit {MOST_VALUES + 1}"
        ).fetchall()
        known = sum(normalised(value) in known_states() for (value,) in values)
        if rule.perhaps and not known or rule.mostly and 2 * known < max(len(values), 1):
            continue
        if len(values) > MOST_VALUES:
            notes.append(
                msg(
                    "Column {column} has more than {count} values and is not read as a state. No row is set aside by it.",
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
                    column.unsure.add(value)
        decided.append(column)
    return decided, notes


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
    if word in unclear_states():
        return unclear_states()[word], False
    return "sale", False


def questions(file: str, counts: list, columns: list[StateColumn], totals: tuple[int, float, int | None]) -> list[Question]:
    """Return a question for each value whose kind is only proposed.

    counts: of core.ingest.report.StateCount. totals: rows, units and cents of the file, of which a question's share is measured.
    """
    unsure = {(column.column, shown(value)) for column in columns for value in column.unsure}
    return [
        Question(
            STATE,
            one.value,
            one.counts_as,
            CHOICES,
            msg("What does {value} in column {column} count as? No list of known states has it.", value=repr(one.value), column=one.column),
            file,
            rows=one.rows,
            share=max(_share(part, whole) for part, whole in zip((one.rows, one.units, one.cents), totals)),
        )
        for one in counts
        if (one.column, one.value) in unsure
    ]


def _share(part: float | None, whole: float | None) -> float:
    return min(1.0, abs(part) / abs(whole)) if part and whole else 0.0
