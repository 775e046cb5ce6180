"""Facts of the shop that its data show: its currency, its countries, the attribute that forms its segments, and names of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from babel import Locale

from core.ingest.convert.zones import clock
from core.ingest.names import plain
from core.ingest.persons.column_names import attribute_kind
from core.ingest.questions import Answers
from core.messages import Message, msg, sentences
from core.settings import Settings, ShopSettings, effective
from core.storage import facts
from core.storage.duckdb import rows
from core.storage.facts import ANSWERS, Fact
from core.workspace import Workspace

# Names of countries as shops write them, beside those that Babel and the holidays library know.
_OTHER_NAMES = {
    "uk": "GB", "england": "GB", "greatbritain": "GB", "eire": "IE", "unitedstatesofamerica": "US", "rsa": "ZA", "uae": "AE",
    "czechrepublic": "CZ", "holland": "NL", "korea": "KR", "中国大陆": "CN", "香港": "HK", "中国香港": "HK", "中国台湾": "TW",
}  # fmt: skip
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "tr", "ru", "ar", "ja", "ko", "zh", "zh_Hant")
_TWO_LETTERS = re.compile("[A-Za-z]{2}")
_NO_COUNTRIES = frozenset(("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"))
NEARLY_ALL = 0.9  # of the codes in a column, and of their orders: states have the codes of countries too, as MG, PR and CA
COUNTRY_SHARE = 0.1  # a country with less of the orders does not set the shop's holidays


def country_code(name: str) -> str | None:
    """Return the ISO code of a country by its name or code, if its holidays are known.

    >>> country_code("United Kingdom"), country_code("EIRE"), country_code("Allemagne"), country_code("Atlantis")
    ('GB', 'IE', 'DE', None)
    """
    from holidays.utils import list_supported_countries

    code = _iso_code(name)
    return code if code in list_supported_countries(include_aliases=False) else None


def _iso_code(name: str) -> str | None:
    """Return the ISO code of a country by its name in one of _LANGUAGES, or by its code."""
    code = name.strip().upper()
    return code if code in _countries_by_code() else _countries_by_name().get(plain(name))


@cache
def _countries_by_code() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if _TWO_LETTERS.fullmatch(code)) - _NO_COUNTRIES


@cache
def _countries_by_name() -> dict[str, str]:
    from holidays.registry import COUNTRIES

    known = {plain(key): codes[1] for key, codes in COUNTRIES.items()}
    for language in _LANGUAGES:
        known |= {plain(name): code for code, name in Locale(language).territories.items() if code in _countries_by_code()}
    return known | _OTHER_NAMES


@dataclass(frozen=True)
class ImportHints:
    """What an import gives about the shop.

    currency  of its mapping, or the sign of its amounts
    columns   names given for its files
    answers   layout -> what later imports of it need not ask
    time_zone that a person named
    moment    of the import; None is now
    """

    import_id: str
    currency: str = ""
    segment_attribute: str = ""
    columns: tuple[str, ...] = ()
    answers: Mapping[str, Answers] = field(default_factory=dict)
    time_zone: str = ""
    moment: datetime | None = None


def settings(con, workspace: Workspace) -> Settings:
    """Return the settings in effect by the facts of an open warehouse; `Workspace.settings` opens it itself."""
    return effective(workspace.own_values(), facts.values(facts.stored(con)))


def infer(con, workspace: Workspace, hints: ImportHints, as_of: tuple[str, dict] | None = None) -> tuple[Settings, list[Message]]:
    """Infer the facts again over all rows of the open warehouse, and replace the stored ones if any differs.

    as_of: the last day whose data may be used, with what shows it, where it is not simply the last one. Returns the settings in effect
    and a sentence for each that changed.
    """
    before, known = settings(con, workspace), {fact.name: fact for fact in facts.stored(con)}
    moment = hints.moment or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    attributes = [row["attribute"] for row in rows(con, "staging/attributes")]
    countries, of_states = _countries(con)
    inferred = {
        "shop.as_of": as_of,
        "shop.columns": _columns(hints, known.get("shop.columns")),
        "shop.countries": countries,
        "shop.currency": _currency(con, hints, known.get("shop.currency")),
        "shop.segment_attribute": _segment_attribute(attributes, hints, known.get("shop.segment_attribute")),
    }
    inferred["shop.time_zone"] = _time_zone(inferred, workspace, hints, known.get("shop.time_zone"))
    inferred |= {ANSWERS + layout: (dict(sorted(answers.items())), {}) for layout, answers in sorted(hints.answers.items())}
    found = [Fact(name, *each, hints.import_id, moment) for name, each in sorted(inferred.items()) if each and each[0]]
    if [(fact.name, fact.value, fact.evidence) for fact in found] != [(fact.name, fact.value, fact.evidence) for fact in known.values()]:
        facts.store(con, found)
    after = settings(con, workspace)
    states = msg(
        "Codes such as {codes} are of states, not of countries. They set no public holidays; name countries in `countries` of [shop].",
        codes=of_states[:3],
    )
    return after, [*_changes(before.shop, after.shop, attributes), *[states] * bool(of_states)]


Found = tuple[object, dict]  # a value and its evidence


def _currency(con, hints: ImportHints, before: Fact | None) -> Found | None:
    """Return the currency of most products' prices; where no price has one, that of the first import that gave one."""
    counted = {row["currency"]: row["products"] for row in rows(con, "staging/currencies")}
    if counted:
        return next(iter(counted)), {"products": counted}
    if before:
        return before.value, dict(before.evidence)
    return (hints.currency, {"import": hints.import_id}) if hints.currency else None


def _time_zone(inferred: dict, workspace: Workspace, hints: ImportHints, before: Fact | None) -> Found | None:
    """Return the time zone that a person named, in this import or before it, else that of the shop's first country, or of its currency."""
    if hints.time_zone:
        return hints.time_zone, {"answered": hints.import_id}
    if before and "answered" in before.evidence:
        return before.value, dict(before.evidence)
    shop = effective(
        workspace.own_values(), {"shop": {n: inferred[f"shop.{n}"][0] for n in ("currency", "countries") if inferred[f"shop.{n}"]}}
    ).shop
    zone = clock("", shop.countries, shop.currency).zone
    return (zone, {"countries": list(shop.countries[:1]), "currency": shop.currency}) if zone else None


def _countries(con) -> tuple[Found, list[str]]:
    """Return the countries with at least COUNTRY_SHARE of all orders, the commonest first, if their holidays are known; and codes that
    are read as none.

    Codes are of countries where nearly all of them are.
    """
    attributes = [attribute for (attribute,) in con.execute("select distinct attribute from customers").fetchall()]
    of_countries = [attribute for attribute in attributes if attribute_kind(attribute) == "country"]
    counted = {row["country"]: row["orders"] for row in rows(con, "staging/countries", attributes=of_countries)}
    codes = {name: orders for name, orders in counted.items() if _TWO_LETTERS.fullmatch(name.strip())}
    known = {name: orders for name, orders in codes.items() if _iso_code(name)}
    of_states = len(known) < NEARLY_ALL * len(codes) or sum(known.values()) < NEARLY_ALL * sum(codes.values())
    enough = COUNTRY_SHARE * sum(counted.values())
    often = {country: orders for country, orders in counted.items() if orders >= enough and not (of_states and country in codes)}
    found = dict.fromkeys(code for country in often if (code := country_code(country)))
    return (tuple(found), {"orders": often}), sorted(set(codes) - set(known)) if of_states else []


def _segment_attribute(attributes: list[str], hints: ImportHints, before: Fact | None) -> Found | None:
    """Return the attribute that a mapping named, in this import or before it, else the best one that the data hold."""
    named = hints.segment_attribute or (before.evidence.get("mapping") if before else None)
    if named in attributes:
        return named, {"mapping": named, "attributes": attributes}
    return (attributes[0], {"attributes": attributes}) if attributes else None


def _columns(hints: ImportHints, before: Fact | None) -> Found:
    """Return the names that were given for columns, those of this import first."""
    earlier = before.evidence if before else {}
    given: dict[str, object] = dict.fromkeys(hints.columns, hints.import_id)
    given |= {name: import_id for name, import_id in earlier.items() if name not in given}
    return tuple(given), given


def _changes(before: ShopSettings, after: ShopSettings, attributes: list[str]) -> Iterator[Message]:
    if after.currency != before.currency:
        yield msg("The shop's currency is {currency}.", currency=after.currency)
    if after.segment_attribute != before.segment_attribute:
        others = [attribute for attribute in attributes if attribute != after.segment_attribute]
        yield sentences(
            msg("Segments are formed by {attribute}.", attribute=after.segment_attribute),
            msg("Other attributes are {others}.", others=others) if others else "",
        )
    if after.holiday_countries and after.holiday_countries != before.holiday_countries:
        yield msg("Public holidays are those of {countries}.", countries=after.holiday_countries)
