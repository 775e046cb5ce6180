"""Columns about persons: those of a list of customers enter by an allow-list, those of every other file unless they are personal."""

from __future__ import annotations

from dataclasses import replace

from core.errors import UserError
from core.ingest.convert import age_bands
from core.ingest.names import plain
from core.ingest.persons.column_names import AGE, BIRTH, KINDS, POSTAL_CODE, attribute_kind, personal_kind
from core.ingest.persons.column_values import GOODS, PEOPLE, SALES, look
from core.ingest.questions import Answers, Question
from core.ingest.readers.source import Source
from core.ingest.recognise import customer_groups
from core.ingest.recognise.evidence import Evidence
from core.ingest.recognise.lookups import Lookup
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.rules import RULES, target_column
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from core.messages import Message, msg

NO_GROUP = msg("no attribute that is stored of customers")
ANOTHER_AGE = msg("another column that shows the age")
_SUPPLIERS = ("supplier", "vendor", "manufacturer", "供应商", "厂")
_OF_GOODS = ("products", "suppliers", "stock", "deliveries", "links", "market", "promotions", "product_map", "kit_parts")
_MADE_COARSE = {AGE: age_bands.AGE_BAND, BIRTH: age_bands.AGE_BAND, POSTAL_CODE: age_bands.POSTAL_REGION}  # kind -> attribute
_PLACES = ("place", "country")

Outside = dict[str, Message]  # column -> what it looks like


def lists_persons(columns: list[str]) -> bool:
    """Return whether a file's columns are those of a list of persons: mails, phones or addresses that are not a supplier's."""
    return any(personal_kind(c) and not any(word in plain(c) for word in _SUPPLIERS) for c in columns)


def without_personal_data(
    plan: TablePlan, source: Source, lookup: Lookup | None, mapping: Mapping, answers: Answers
) -> tuple[TablePlan, Outside, list[Question]]:
    """Return the plan without columns that are about persons, what those look like, and a question about each that may group customers.

    Columns of ids are kept, for they become pseudonyms. Raises UserError for a column that the mapping itself names or that the table
    needs.
    """
    table, given = plan.table, mapping.tables.get(plan.table)
    people, named = RULES[table].people, given.rules.keys() if given else ()
    offered = {t: f for t, f in plan.columns.items() if table == "customers" and f.sources and t not in people and t not in named}
    cells = _samples(offered, source, lookup)
    entering, outside = _attributes(offered, cells, answers)
    asked = [customer_groups.question(c, cells[c], source.file) for c in cells if _may_group(c, cells[c], outside, answers)]
    read = {t: f for t, f in plan.columns.items() if t not in people and t not in offered}
    plan = replace(plan, columns={t: f for t, f in plan.columns.items() if t not in offered} | entering)
    of_buyers = table == "products" and mapping.layout is None and lists_persons(source.columns) and not _names_products(plan, source)
    about = PEOPLE if table == "customers" or of_buyers else GOODS if table in _OF_GOODS else SALES
    samples = _samples({t: f for t, f in read.items() if _is_short_text(table, t)}, source, lookup)
    kept = dict(plan.columns)
    for target, filled in read.items():
        personal = {c: what for c in filled.sources if (what := _looks(c, samples.get(c, []), about, target))}
        outside |= personal
        rest = tuple(c for c in filled.sources if c not in personal)
        if personal and rest and not filled.rule.template:  # the others fill it alone
            kept[target] = replace(filled, sources=rest)
        elif personal:
            kept.pop(target, None)
            if plan.derived and target == "title":
                kept["title"] = kept["product_id"]
            if target in named and not mapping.automatic or any(not kept.keys() & set(group) for group in RULES[table].needs):
                raise _refusal(table, target, *next(iter(personal.items())))
    return replace(plan, columns=kept), outside, asked


def _may_group(column: str, cells: list, outside: Outside, answers: Answers) -> bool:
    """Return whether a column may group customers that no rule knows, or a person said so."""
    left_out = outside.get(column) == NO_GROUP and customer_groups.may_group(cells)
    return left_out or attribute_kind(column) is None and customer_groups.is_used(column, answers) and column not in outside


def _names_products(plan: TablePlan, source: Source) -> bool:
    """Return whether a bare `name` in sales is the product's beyond doubt."""
    number, name = (plan.columns[c].sources[:1] if c in plan.columns else () for c in ("product_id", "title"))
    if not plan.derived or not number or not name or number == name or plain(name[0]) != "name":
        return False
    return {*number, *name} <= set(source.columns) and Evidence(source).names(number[0], name[0])


def outside_of(source: Source, unread: list[str], known: Outside, *, about_people: bool) -> Outside:
    """Return what the columns that are not read look like, where that is a person's data. known: of some of them."""
    about = PEOPLE if about_people else SALES
    cells = dict(zip(unread, source.sample_cells(unread))) if unread else {}
    found = {c: known.get(c) or _looks(c, cells[c], about) for c in unread}
    return {c: what for c, what in found.items() if what is not None}


def beside(outside: Outside) -> dict[str, bool]:
    """Return whether a file has data about persons, and dates of birth: what `shown` asks about a file."""
    return {
        "beside_persons": any(what not in (NO_GROUP, ANOTHER_AGE) for what in outside.values()),
        "births": KINDS[BIRTH] in outside.values(),
    }


def _attributes(columns: dict[str, ColumnSource], samples: dict[str, list], answers: Answers) -> tuple[dict[str, ColumnSource], Outside]:
    """Return the columns of a list of customers that may enter, by attribute, and what the others look like."""
    kept: dict[str, ColumnSource] = {}
    outside: Outside = {}
    for target, filled in columns.items():
        column = filled.sources[0]
        kind, cells = attribute_kind(column), samples[column]
        if kind is None and (what := _looks(column, cells, PEOPLE) or customer_groups.names_persons(cells)):
            outside[column] = what
        elif kind is None and not customer_groups.is_used(column, answers):
            outside[column] = NO_GROUP
        elif kind is not None and kind in _MADE_COARSE:
            if _MADE_COARSE[kind] in kept:
                outside[column] = ANOTHER_AGE if kind in (AGE, BIRTH) else KINDS[POSTAL_CODE]
            kept.setdefault(_MADE_COARSE[kind], filled)
        elif what := look(cells, PEOPLE, places=kind in _PLACES):
            outside[column] = what
        else:
            kept[target] = filled
    return kept, outside


def _looks(column: str, cells: list, about: str, target: str = "") -> Message | None:
    """Return what a column looks like by its name, else by its values."""
    if about == PEOPLE and attribute_kind(column) in _MADE_COARSE and target:
        return None  # a mapping names it: it enters as a band or region
    kind = personal_kind(column, about_people=about == PEOPLE)
    return KINDS[kind] if kind else look(cells, about, places=target == "country") if cells else None


def _samples(columns: dict[str, ColumnSource], source: Source, lookup: Lookup | None) -> dict[str, list]:
    """Return the first cells of the columns that fill these targets."""
    wanted = list(dict.fromkeys(c for filled in columns.values() for c in filled.sources))
    sample: dict[str, list] = {}
    for where in (source, *(lookup.sources if lookup else ())):
        if here := [c for c in wanted if c in where.columns]:
            for column, cells in zip(here, where.sample_cells(here)):
                sample.setdefault(column, []).extend(cells)
    return sample


def _is_short_text(table: str, target: str) -> bool:
    """Return whether a glance at a column's values shows whether they are a person's; free text is masked instead."""
    short = ("category", "brand", "channel", "country", *(["title"] if table == "products" else []))
    return target_column(table, target) is None or target in short


def _refusal(table: str, target: str, column: str, what: Message) -> UserError:
    return UserError(
        found=msg(
            "Column {column}, which fills [{table}] {target}, looks like {what}.",
            column=repr(column),
            table=table,
            target=target,
            what=what,
        ),
        expected=msg("Personal data, such as names, e-mail addresses, phone numbers and addresses, are never stored."),
        to_do=msg("Remove {target} from the mapping.", target=target),
    )
