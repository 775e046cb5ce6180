"""Numbers that identify persons, checked by their check digits: cards, accounts, papers. And those of goods, which look alike."""

from __future__ import annotations

import re

_CARD_SCHEMES = re.compile(r"4|5[1-8]|2[2-7]|3[0-9]|6")  # ISO/IEC 7812: banks and travel
_GROUPED_CARD = re.compile(r"[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_PAPERS = re.compile(
    r"[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])\d{3}[\dXx]"  # China
    r"|\d{3}-\d{2}-\d{4}"  # United States
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # Brazil
    r"|\d{6}-[1-8]\d{6}"  # Korea
    r"|[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"  # Italy
    r"|\d{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]"  # Spain
    r"|[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"  # United Kingdom
    r"|[12] ?\d{2} ?(0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3}( ?\d{2})?"  # France
    r"|\d{3}-\d{3}-\d{3} \d{2}"  # Russia
)


def digits_of(text: str) -> str:
    """Return the digits of a text, whatever separates them."""
    return "".join(c for c in text if c.isdigit())


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others by Luhn's rule.

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


def is_gtin(digits: str) -> bool:
    """Return whether digits are an EAN, UPC or GTIN by length and check digit.

    >>> is_gtin("4006381333931"), is_gtin("4006381333932")
    (True, False)
    """
    if len(digits) not in (8, 12, 13, 14):
        return False
    return sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(digits))) % 10 == 0


def is_card(text: str) -> bool:
    """Return whether a text is the number of a payment card: by Luhn's rule, or in groups of four.

    >>> is_card("4111 1111 1111 1111"), is_card("4006381333931")
    (True, False)
    """
    digits = digits_of(text)
    if not 13 <= len(digits) <= 19 or not _CARD_SCHEMES.match(digits):
        return False
    return bool(_GROUPED_CARD.fullmatch(text)) or passes_luhn(digits) and not is_gtin(digits)


def is_iban(text: str, *, checked: bool = True) -> bool:
    """Return whether a text is an international account number, by its check digits or (checked=False) by its shape.

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE00123456")
    (True, False)
    """
    joined = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(joined):
        return False
    return not checked or int("".join(str(int(c, 36)) for c in joined[4:] + joined[:4])) % 97 == 1


def is_paper(text: str) -> bool:
    """Return whether a text has the shape of the number of an identity paper or of an insured person.

    >>> is_paper("110101199003074578"), is_paper("RSSMRA85T10A562S"), is_paper("500 ml")
    (True, True, False)
    """
    return bool(_PAPERS.fullmatch(text.strip()))
