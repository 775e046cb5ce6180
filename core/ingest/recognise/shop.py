"""What the data show about the shop itself: its currency, its countries, and the attribute that makes its segments."""

from __future__ import annotations

import tomllib

from core.ingest.names import plain
from core.messages import Message, msg
from core.settings import Settings
from core.storage.duckdb import rows
from core.workspace import Workspace

# Names of countries as shops write them, in addition to those that the holidays library knows.
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
    """Return the ISO code of a country by name or code, if its holidays are known.

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


def suggest(con, workspace: Workspace, *, currency: str, segment_attribute: str) -> tuple[Settings, list[Message]]:
    """Return the settings with what the data show, where upswing.toml does not set it, and a note on each change.

    currency, segment_attribute: what the mapping or the files' symbols give; "" = nothing.
    """
    settings, known, notes = workspace.settings(), shop_settings(workspace), []
    if "currency" not in known:
        counted = rows(con, "staging/currencies")
        currency = counted[0]["currency"] if counted else currency
        if currency and currency != settings.shop.currency:
            settings = settings.with_values("shop", currency=currency)
            notes.append(msg("The shop's currency is set to {currency}.", currency=currency))
    attributes = [r["attribute"] for r in rows(con, "staging/attributes")]
    if not settings.shop.segment_attribute and attributes:
        chosen = segment_attribute if segment_attribute in attributes else attributes[0]
        settings = settings.with_values("shop", segment_attribute=chosen)
        others = [a for a in attributes if a != chosen]
        notes.append(
            msg("Segments are made by {attribute}. Other attributes: {others}.", attribute=chosen, others=others)
            if others
            else msg("Segments are made by {attribute}.", attribute=chosen)
        )
    if "countries" not in known:
        counted = rows(con, "staging/countries")
        total = sum(r["orders"] for r in counted)
        codes = dict.fromkeys(code for r in counted if r["orders"] >= COUNTRY_SHARE * total and (code := country_code(r["country"])))
        settings = settings.with_values("shop", countries=tuple(codes))
    holidays = settings.shop.holiday_countries
    if holidays and holidays != workspace.settings().shop.holiday_countries:
        notes.append(msg("Holidays are those of {countries}.", countries=list(holidays)))
    return settings, notes


def shop_settings(workspace: Workspace) -> dict:
    """Return what upswing.toml itself sets in [shop]."""
    if not workspace.settings_file.exists():
        return {}
    return tomllib.loads(workspace.settings_file.read_text(encoding="utf-8")).get("shop", {})
