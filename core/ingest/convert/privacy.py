"""What keeps persons out of the warehouse: pseudonyms for their ids, and a closed door for names, mails, phones and addresses."""

from __future__ import annotations

import hashlib
import hmac
import re

from core.errors import UserError
from core.ingest.recognise.names import plain

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


def looks_personal(column: str, *, about_people: bool = False) -> bool:
    """Whether a column's name says that it holds a person's name, mail, phone, address or birthday.

    about_people: the file lists persons, so a bare "name" is a person's.
    """
    name = plain(column)
    return bool(_PERSONAL.search(name)) or about_people and name in ("name", "names", "contact", "名字", "名称")


def lists_persons(columns: list[str]) -> bool:
    """Whether a file's columns are those of a list of persons: mails, phones or addresses that are not a supplier's."""
    return any(looks_personal(c) and not re.search("supplier|vendor|manufacturer|供应商|厂", plain(c)) for c in columns)


def holds_personal(values: list[str | None], *, attribute: bool = False) -> str:
    """What a fifth of a column's values look like: "mail addresses" or "phone numbers"; "" = nothing of the kind.

    attribute: of customers; then values that nearly all differ count too.
    """
    filled = [v.strip() for v in values if v and v.strip()]
    few = max(1, 0.2 * len(filled))
    if sum(bool(_MAIL.fullmatch(v)) for v in filled) >= few:
        return "mail addresses"
    if sum(bool(_PHONE.fullmatch(v)) and not _DAY.match(v) for v in filled) >= few:
        return "phone numbers"
    if attribute and len(filled) >= 200 and len(set(filled)) > 0.5 * len(filled):
        return "something that tells single persons apart"
    return ""


def refuse(table: str, target: str, column: str, what: str) -> UserError:
    return UserError(
        f"no personal data in [{table}] {target}",
        f"column {column!r}, which looks like {what}",
        f"take {target} out of the mapping; names, mails, phones and addresses never enter the warehouse",
    )


def masked(expression: str) -> str:
    """SQL: a text with mail addresses and phone numbers blotted out."""
    without_mail = f"case when contains({expression}, '@') then regexp_replace({expression}, '{MAIL}', '[mail]', 'g') else {expression} end"
    return f"regexp_replace({without_mail}, '{PHONE}', '[phone]', 'g')"


def pseudonyms(secret: bytes, kind: str, ids: list[str]) -> list[str]:
    """HMAC-SHA256 of each id, cut to 128 bits, in hexadecimal. kind ("customer", "visitor") keeps equal ids of different kinds apart.

    >>> pseudonyms(b"k", "customer", ["7"]) == pseudonyms(b"k", "visitor", ["7"])
    False
    """
    start = hmac.new(secret, f"{kind}:".encode(), hashlib.sha256)

    def one(text: str) -> str:
        digest = start.copy()
        digest.update(text.encode())
        return digest.hexdigest()[:32]

    return [one(i) for i in ids]
