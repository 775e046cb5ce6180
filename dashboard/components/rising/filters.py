"""What the reader asks for: the controls above the lists, kept in the address, and the same in words for files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.capabilities.forecast.listing import EVERYTHING
from dashboard import address, data, labels
from dashboard.i18n import SYMBOLS, _, money

WIDEST_COVER = 26  # weeks; the slider's end stands for everything above
CONFIDENCE = {"any": None, "medium": 3.0, "high": 1.5}  # the widest likely range, as a multiple of the expected units
FIRST_PAGE = ("page",)  # where another question starts
FOLDED = ("brand", "supplier", "price", "age", "stock", "confidence")  # behind the button
PLURAL = {"category": "categories", "brand": "brands", "supplier": "suppliers"}


@dataclass(frozen=True)
class Asked:
    """values: of the stored questions; said: the filters in words; sort: an entry of `sorts`."""

    values: dict
    said: list[tuple[str, str]]
    sort: str

    @property
    def segment(self) -> str:
        return self.values["segment"]


def sorts() -> dict[str, str]:
    """Return the orders of the lists. Rising and Falling name them alike: a browser keeps the words of a choice."""
    return {
        "probability": _("By chance"),
        "movement": _("By change in chance"),
        "units": _("By expected units"),
        "margin": _("By expected margin"),
        "pace": _("By sales"),
        "cover": _("Lowest stock first"),
    }


def question_sort(sort: str, falling: bool) -> str:
    """Return what `rising` and `rising_groups` call this order."""
    own = {"probability": ("probability", "falling"), "movement": ("movement", "drop")}
    return own[sort][falling] if sort in own else sort


def of_unforecast(values: dict) -> dict:
    """Return the values of `unforecast` under the same filters; those of a forecast say nothing of products without one."""
    rules = data.rules().labels
    kept = {name: values[name] for name in ("segment", "search", "categories", "brands", "suppliers")}
    return kept | {"min_age_days": rules.min_age_days, "recent_sale_days": rules.recent_sale_days}


def controls(choices: dict, currency: str, falling: bool, forecast: bool) -> Asked:
    """Show the controls. forecast: the list holds forecasts; without, only what is known of every product can narrow it."""
    unlabelled: Any = {"label_visibility": "collapsed"}  # each shows what it is by its first choice
    sort, more = "probability", {}
    with st.container(horizontal=True, vertical_alignment="bottom", key="rising_filters"):
        search = st.text_input(
            _("Search"),
            **address.text("q", resets=FIRST_PAGE),
            type="search",
            live="300ms",
            placeholder=_("Search by name or SKU"),
            width=180,
            **unlabelled,
        )
        groups = choices["segments"]
        segment = (
            st.selectbox(
                _("Customer group"),
                groups,
                format_func=labels.segment,
                width=160,
                **unlabelled,
                **address.one_of("segment", groups, resets=FIRST_PAGE),
            )
            if len(groups) > 1
            else "all"
        )
        categories = _several("category", choices, _level("category", choices), _("Category"), _("All categories"), width=165, **unlabelled)
        if forecast:
            ways = sorts()
            sort = st.selectbox(
                _("Sort by"),
                list(ways),
                format_func=ways.__getitem__,
                width=180,
                **unlabelled,
                **address.one_of("sort", ways, resets=FIRST_PAGE),
            )
        folded, label = _folded(choices, forecast), _("Filters")
        used = sum(map(address.chosen, folded))
        with st.popover(f"{label} ({used})" if used else label, icon=":material/tune:", key="rising_more"):
            brands = _several("brand", choices, folded.get("brand"), _("Brand"), _("All"))
            suppliers = _several("supplier", choices, folded.get("supplier"), _("Supplier"), _("All"))
            if forecast:
                more = _spans(choices, folded, currency)
    values = {"segment": segment, "search": search.strip(), "categories": categories, "brands": brands, "suppliers": suppliers}
    values = EVERYTHING | values | more
    return Asked(values, _said(values, currency), sort)


def clear() -> None:
    """Take every filter back; for a button."""
    address.clear("q", "segment", "category", *FOLDED, *FIRST_PAGE)


def by(choices: dict) -> str:
    """Show the choice between products and the roll-ups that the shop's data allow; return its level."""
    names = {"product": _("Product"), "category": _("Category"), "brand": _("Brand"), "supplier": _("Supplier")}
    levels = ["product", *(level for level, several in PLURAL.items() if choices[several])]
    if len(levels) < 2:
        return "product"
    chosen = st.segmented_control(
        _("Group by"),
        levels,
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        **address.one_of("by", levels, resets=FIRST_PAGE),
    )
    return chosen or "product"


def _several(level: str, choices: dict, bound: address.Bound | None, label: str, placeholder: str, **more: Any) -> list[str]:
    """Show a choice of several categories, brands or suppliers; "" is chosen for the products without any."""
    if bound is None:
        return []
    nothing, options = labels.without(level), _options(level, choices)
    return list(st.multiselect(label, options, format_func=lambda name: name or nothing, placeholder=placeholder, **more, **bound))


def _options(level: str, choices: dict) -> list[str]:
    return [*choices[PLURAL[level]], *([""] if choices[f"without_{level}"] else [])]


def _level(level: str, choices: dict) -> address.Bound | None:
    """Bind the choice of several categories, brands or suppliers; None where there is nothing to choose."""
    options = _options(level, choices)
    return address.some_of(level, options, resets=FIRST_PAGE) if len(options) > 1 else None


def _folded(choices: dict, forecast: bool) -> dict[str, address.Bound]:
    """Bind the controls behind the button that the list has, so that those in use are known before the button is shown."""
    found = {level: bound for level in ("brand", "supplier") if (bound := _level(level, choices))}
    if not forecast:
        return found
    found |= {key: address.span(key, *ends, resets=FIRST_PAGE) for key, ends in _limits(choices).items() if ends[0] < ends[1]}
    return found | {"confidence": address.one_of("confidence", CONFIDENCE, resets=FIRST_PAGE)}


def _limits(choices: dict) -> dict[str, tuple[int, int]]:
    """Return the ends of each slider; equal ones where there is nothing to choose."""
    return {
        "price": (math.floor((choices["lowest_price_cents"] or 0) / 100), math.ceil((choices["highest_price_cents"] or 0) / 100)),
        "age": (0, max(1, math.ceil((choices["longest_days_on_sale"] or 0) / 7))),
        "stock": (0, WIDEST_COVER if choices["longest_cover_weeks"] else 0),
    }


def _spans(choices: dict, folded: dict[str, address.Bound], currency: str) -> dict:
    """Show the sliders of price, age and stock, and the choice of confidence; return what they leave out of."""
    limits = _limits(choices)
    prices = _span(folded.get("price"), _("Price"), *limits["price"], format=f"{SYMBOLS.get(currency, '')}%d")
    ages = _span(folded.get("age"), _("Weeks since launch"), *limits["age"])
    covers = _span(folded.get("stock"), _("Weeks of supply"), *limits["stock"], help=_("The right end has no limit."))
    bound = folded["confidence"]
    names = {"any": _("Any"), "medium": _("Medium or high"), "high": _("High")}
    confidence = st.selectbox(
        _("Confidence"),
        list(CONFIDENCE),
        **bound,
        format_func=names.__getitem__,
        help=_("By the likely range of units: high is at most {high} times the expected units wide, medium {medium} times.").format(
            high=CONFIDENCE["high"], medium=f"{CONFIDENCE['medium']:.0f}"
        ),
    )
    return {
        "lowest_price_cents": None if prices[0] is None else 100 * prices[0],
        "highest_price_cents": None if prices[1] is None else 100 * prices[1],
        "newest_days": None if ages[0] is None else 7 * ages[0],
        "oldest_days": None if ages[1] is None else 7 * ages[1],
        "least_cover": covers[0],
        "most_cover": covers[1],
        "widest_range": CONFIDENCE[confidence],
    }


def _span(bound: address.Bound | None, label: str, lowest: int, highest: int, **more: Any) -> tuple[int | None, int | None]:
    """Show a slider; None at an end stands for no limit there."""
    if bound is None:
        return None, None
    chosen: Any = st.slider(label, lowest, highest, **more, **bound)
    start, end = chosen
    return start if start > lowest else None, end if end < highest else None


def _said(values: dict, currency: str) -> list[tuple[str, str]]:
    told = [(_("Customer group"), labels.segment(values["segment"]))]
    told += [(_("Search"), values["search"])] if values["search"] else []
    for level, label in (("category", _("Category")), ("brand", _("Brand")), ("supplier", _("Supplier"))):
        chosen = [name or labels.without(level) for name in values[PLURAL[level]]]
        told += [(label, ", ".join(chosen))] if chosen else []
    price = [values.get("lowest_price_cents"), values.get("highest_price_cents")]
    told += _between(_("Price"), *[None if cents is None else money(cents, currency) for cents in price])
    told += _between(_("Weeks since launch"), *[None if (d := values.get(n)) is None else d // 7 for n in ("newest_days", "oldest_days")])
    told += _between(_("Weeks of supply"), values.get("least_cover"), values.get("most_cover"))
    if values.get("widest_range"):
        told.append((_("Confidence"), _("Likely range up to {times} times the expected units").format(times=values["widest_range"])))
    return told


def _between(label: str, low, high) -> list[tuple[str, str]]:
    if low is None and high is None:
        return []
    return [(label, f"≤ {high}" if low is None else f"≥ {low}" if high is None else f"{low}–{high}")]
