"""Attributes of customers that enter only as groups: ages and dates of birth as age bands, postal codes as regions. SQL expressions."""

from __future__ import annotations

from core.ingest.convert import dates

AGE_BAND, POSTAL_REGION = "age_band", "postal_region"  # names of the attributes that they become
_BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"), (120, "65+"))
_IS_BAND = r"(?i)[\p{L}<>≤≥+]{0,6} ?\p{Nd}{1,3}( ?[\p{L}–~～-]{1,3} ?\p{Nd}{1,3})? ?(\+|\p{L}{0,6})"


def age_band_sql(text: str) -> str:
    """Return the band of an age in years; of a text that is a band already, that text.

    A band is a number of years, or two, with a word or sign before or after them; any other text is none.
    """
    years = f"try_cast({text} as double)"
    return f"case when {years} is not null then {_band(years)} when regexp_full_match({text}, '{_IS_BAND}') then {text} end"


def birth_band_sql(text: str, format: str) -> str:
    """Return the age band, as of today, of a date or year of birth. format: of the dates, see convert/dates.py."""
    year = f"case when regexp_full_match({text}, '(19|20)[0-9]{{2}}(\\.0)?') then make_date(cast(left({text}, 4) as integer), 7, 1) end"
    born = f"coalesce({year}, cast({dates.date_sql(text, format)} as date))"
    return _band(f"date_diff('month', {born}, current_date) / 12.0")


def postal_region_sql(text: str) -> str:
    """Return the region of a postal code: its first two letters or digits, of British codes the letters before the first digit."""
    joined = f"upper(regexp_replace({text}, '[^\\p{{L}}\\p{{Nd}}]', '', 'g'))"
    area = f"regexp_extract({joined}, '^(\\p{{Lu}}{{1,2}})[0-9]', 1)"
    return f"case when regexp_full_match({joined}, '\\w{{4,10}}') then coalesce(nullif({area}, ''), left({joined}, 2)) end"


def _band(years: str) -> str:
    whens = " ".join(f"when {years} < {until} then '{name}'" for until, name in _BANDS)
    return f"case when {years} < 0 then null {whens} end"
