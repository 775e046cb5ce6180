"""Facts of the shop that its data show: its currency, its countries, the attribute that forms its segments, and names of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.ingest.names import plain
from core.ingest.questions import Answers
from core.messages import Message, msg, sentences
from core.settings import Settings, ShopSettings, effective
from core.storage import facts
from core.storage.duckdb import rows
from core.storage.facts import ANSWERS, Fact
from core.workspace import Workspace

# Names of countries as shops write them, beside those that the holidays library knows.
_OTHER_NAMES = {
    "uk": "GB",
    "england": "GB",
    "greatbritain": "GB",
    "eire": "IE",
    "usa": "US",
    "unitedstatesofamerica": "US",
    "rsa": "ZA",
    "uae": "AE",
    "deutschland": "DE",
    "españa": "ES",
    "italia": "IT",
    "österreich": "AT",
    "schweiz": "CH",
    "czechrepublic": "CZ",
    "holland": "NL",
    "korea": "KR",
    "中国": "CN",
    "中国大陆": "CN",
    "英国": "GB",
    "美国": "US",
    "德国": "DE",
    "法国": "FR",
    "日本": "JP",
    "香港": "HK",
    "中国香港": "HK",
    "台湾": "TW",
    "中国台湾": "TW",
    "新加坡": "SG",
    "澳大利亚": "AU",
    "加拿大": "CA",
    "西班牙": "ES",
    "意大利": "IT",
    "荷兰": "NL",
    "韩国": "KR",
    "爱尔兰": "IE",
}
COUNTRY_SHARE = 0.1  # a country with less of the orders does not set the shop's holidays


def country_code(name: str) -> str | None:
    """ISO code of a country by name or code, if its holidays are known.

    >>> country_code("United Kingdom"), country_code("EIRE"), country_code("Atlantis")
    ('GB', 'IE', None)
    """
    from holidays.registry import COUNTRIES
    from holidays.utils import list_supported_countries

    supported = list_supported_countries(include_aliases=False)
    if name.strip().upper() in supported:
        return name.strip().upper()
    by_name = {plain(key): codes[1] for key, codes in COUNTRIES.items()}
    return _OTHER_NAMES.get(plain(name)) or by_name.get(plain(name))


@dataclass(frozen=True)
class ImportHints:
    """What an import gives about the shop.

    currency  of its mapping, or the sign of its amounts
    columns   names given for its files
    answers   layout -> what later imports of it need not ask
    as_of     the last day whose data may be used, with its evidence, where it is not simply the last one
    """

    import_id: str
    currency: str = ""
    segment_attribute: str = ""
    columns: tuple[str, ...] = ()
    answers: Mapping[str, Answers] = field(default_factory=dict)
    as_of: tuple[str, dict] | None = None


def settings(con, workspace: Workspace) -> Settings:
    """Return the settings in effect by the facts of an open warehouse; `Workspace.settings` opens it itself."""
    return effective(workspace.own_values(), facts.values(facts.stored(con)))


def infer(con, workspace: Workspace, hints: ImportHints) -> tuple[Settings, list[Message]]:
    """Infer the facts again over all rows of the open warehouse, and replace the stored ones if any differs.

    Returns the settings in effect and a sentence for each that changed.
    """
    before, known = settings(con, workspace), {fact.name: fact for fact in facts.stored(con)}
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    attributes = [row["attribute"] for row in rows(con, "staging/attributes")]
    inferred = {
        "shop.as_of": hints.as_of,
        "shop.columns": _columns(hints, known.get("shop.columns")),
        "shop.countries": _countries(con),
        "shop.currency": _currency(con, hints, known.get("shop.currency")),
        "shop.segment_attribute": _segment_attribute(attributes, hints, known.get("shop.segment_attribute")),
    }
    inferred |= {ANSWERS + layout: (dict(sorted(answers.items())), {}) for layout, answers in sorted(hints.answers.items())}
    found = [Fact(name, *each, hints.import_id, moment) for name, each in inferred.items() if each and each[0]]
    if [(fact.name, fact.value, fact.evidence) for fact in found] != [(fact.name, fact.value, fact.evidence) for fact in known.values()]:
        facts.store(con, found)
    after = settings(con, workspace)
    return after, list(_changes(before.shop, after.shop, attributes))


Found = tuple[object, dict]  # a value and its evidence


def _currency(con, hints: ImportHints, before: Fact | None) -> Found | None:
    """Return the currency of most products' prices; where no price has one, that of the first import that gave one."""
    counted = {row["currency"]: row["products"] for row in rows(con, "staging/currencies")}
    if counted:
        return next(iter(counted)), {"products": counted}
    if before:
        return before.value, dict(before.evidence)
    return (hints.currency, {"import": hints.import_id}) if hints.currency else None


def _countries(con) -> Found:
    """Return the countries with at least COUNTRY_SHARE of all orders, the commonest first, if their holidays are known."""
    counted = {row["country"]: row["orders"] for row in rows(con, "staging/countries")}
    enough = COUNTRY_SHARE * sum(counted.values())
    codes = dict.fromkeys(code for country, orders in counted.items() if orders >= enough and (code := country_code(country)))
    return tuple(codes), {"orders": {country: orders for country, orders in counted.items() if orders >= enough}}


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
