"""Columns that hold personal data: found by their names and values, and left out of every plan."""

from __future__ import annotations

import re
from dataclasses import replace

from core.errors import UserError
from core.ingest.names import plain
from core.ingest.readers.source import Source
from core.ingest.recognise.key_resolution import name_is_of_product
from core.ingest.recognise.lookups import Lookup
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.rules import RULES, target_column
from core.ingest.recognise.table_plan import TablePlan
from core.messages import Message, msg

_PERSONAL = re.compile(
    r"e?mail|phone|mobile|telefon|^tel$|telno|telnumber|fax|address|street|postcode|postalcode|zipcode|^zip$|firstname|lastname|surname"
    r"|familyname|givenname|middlename|fullname|maidenname|nickname|username"
    r"|(customer|buyer|client|user|member|recipient|contact|shipping|billing|author|reviewer|account|household)name"
    r"|birth|^dob$|passport|socialsecurity|^ssn$|iban|creditcard|cardnumber|ipaddress|^ip$"
    r"|姓名|收货人|收件人|联系人|买家昵称|昵称|会员名|用户名|客户名|邮箱|邮件|电子邮|手机|电话|联系方式|地址|街道|邮编|身份证|护照|生日|出生|银行卡|微信|qq号"
)
MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
PHONE = (
    r"((\+[0-9]{1,3}[ .-]?(\([0-9]{1,4}\))?|\(0[0-9]{1,4}\)|\b0|\b1[3-9])([ .-]?[0-9]){7,12}|\([0-9]{3}\) ?[0-9]{3}[ .-][0-9]{4}"
    r"|\b[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4})\b"
)
_MAIL = re.compile(MAIL)
_PHONE = re.compile(r"[+(][0-9][0-9 ().-]{6,}[0-9]|0[0-9 ().-]{7,}[0-9]|1[3-9][0-9]{9}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}")


BY_NAME = msg("personal data, by its name")
MAIL_ADDRESSES = msg("mail addresses")
PHONE_NUMBERS = msg("phone numbers")
SINGLE_PERSONS = msg("data that identifies individuals")


def looks_personal(column: str, *, about_people: bool = False) -> bool:
    """Return whether a column's name is that of a person's name, mail, phone, address or birthday.

    about_people: the file lists persons, so a bare "name" is a person's.
    """
    name = plain(column)
    return bool(_PERSONAL.search(name)) or about_people and name in ("name", "names", "contact", "名字", "名称")


def lists_persons(columns: list[str]) -> bool:
    """Return whether a file's columns are those of a list of persons: mails, phones or addresses that are not a supplier's."""
    return any(looks_personal(c) and not re.search("supplier|vendor|manufacturer|供应商|厂", plain(c)) for c in columns)


def holds_personal(values: list[str | None], *, attribute: bool = False) -> Message | None:
    """Return what a fifth of a column's values look like, if it is personal data.

    attribute: of customers; then values that nearly all differ count too.
    """
    filled = [v.strip() for v in values if v and v.strip()]
    few = max(1, 0.2 * len(filled))
    if sum(bool(_MAIL.fullmatch(v)) for v in filled) >= few:
        return MAIL_ADDRESSES
    if sum(bool(_PHONE.fullmatch(v)) and not _DAY.match(v) for v in filled) >= few:
        return PHONE_NUMBERS
    if attribute and len(filled) >= 200 and len(set(filled)) > 0.5 * len(filled):
        return SINGLE_PERSONS
    return None


def without_personal_data(plan: TablePlan, source: Source, lookup: Lookup | None, mapping: Mapping) -> tuple[TablePlan, list[Message]]:
    """Return the plan without columns of names, mails, phones and addresses, and a note on each.

    Columns of ids are kept, for they become pseudonyms. Raises UserError for a column that the mapping itself names or that the table
    needs.
    """
    table = plan.table
    of_buyers = table == "products" and lists_persons(source.columns) and not name_is_of_product(plan, source)
    about_people = table == "customers" or of_buyers
    read = {t: filled for t, filled in plan.columns.items() if t not in RULES[table].people}
    short = list(dict.fromkeys(c for t, filled in read.items() if _is_short_text(table, t) for c in filled.sources))
    sample: dict[str, list] = {}
    for where in (source, *(lookup.sources if lookup else ())):
        if here := [c for c in short if c in where.columns]:
            for column, cells in zip(here, where.sample_cells(here)):
                sample.setdefault(column, []).extend(cells)
    kept, notes = dict(plan.columns), []
    for target, filled in read.items():
        for column in filled.sources:
            found = BY_NAME if looks_personal(column, about_people=about_people) else None
            if column in sample and not found:
                found = holds_personal(sample[column], attribute=table == "customers")
            if not found:
                continue
            kept.pop(target, None)
            if plan.derived and target == "title":
                kept["title"] = kept["product_id"]
            named = target in mapping.tables[table].rules and not mapping.automatic
            if named or any(not kept.keys() & set(group) for group in RULES[table].needs):
                raise _refusal(table, target, column, found)
            notes.append(msg("Column {column} is not read: it looks like {what}.", column=repr(column), what=found))
    return replace(plan, columns=kept), notes


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
        expected=msg("Personal data, such as names, mails, phones and addresses, never enter the warehouse."),
        to_do=msg("Take {target} out of the mapping.", target=target),
    )
