"""The page "Feature": the list of a customer group, what leaning brought in past updates, picks, and kept actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import streamlit as st

from core.capabilities.feature.dose import BEST_SELLERS, DOSES, LENGTH, OURS, SIMPLE, score
from core.capabilities.feature.lists import Candidate, Shares, hold_out, moved, pairs, place
from core.capabilities.feature.tables import BRAND, LISTED, NEAR, RESERVED, SUPPLIER
from core.capabilities.forecast.listing import EVERYTHING, reasons
from core.messages import show
from core.schema import WORTH_SAYING
from core.storage.state import EXCLUDE, PIN, Action, Pick
from dashboard import actions, address, data, labels, pictures, power
from dashboard.components import cards, exports, rows
from dashboard.i18n import _, absent, day, language, money, n_, number, percent, plain, shortened


def simple() -> dict[str, str]:
    """Return what the simple lists are called."""
    return {
        "units_28d": _("Best sellers, 4 weeks"),
        "units_14d": _("Best sellers, 2 weeks"),
        "units_7d": _("Best sellers, 1 week"),
        "units_year_ago": _("Same weeks last year"),
    }


# ---- what past updates say


def verdict(record: pd.DataFrame, dose: float) -> str:
    """Say how such lists did beside last month's best sellers. record: the answer to `feature_record`."""
    ours, theirs = _sums(record, OURS, dose), _sums(record, BEST_SELLERS)
    if ours is None or theirs is None or not theirs.units:
        return _("No past update's 4 weeks are over yet, so these lists are not checked in your shop.")
    said = _(
        "In {count} past updates, the {length} products of such lists sold **{ours}** units in 4 weeks, last month's best sellers {theirs}."
    )
    return said.format(
        count=record.as_of.nunique(),
        length=LENGTH,
        ours=number(ours.units / record.as_of.nunique(), 0),
        theirs=number(theirs.units / record.as_of.nunique(), 0),
    )


def price(record: pd.DataFrame, dose: float) -> str:
    """Say what a dose cost and brought beside no leaning, in the shop's own past."""
    ours, plain_ = _sums(record, OURS, dose), _sums(record, OURS, 0.0)
    if ours is None or plain_ is None or not plain_.units or not plain_.gain:
        return ""
    if not dose:
        return _("Without leaning, the list orders by expected units alone.")
    said = _("In past updates, this lean changed units by {units} and units beyond the usual by {gain}, compared with no lean.")
    return said.format(units=_change(ours.units / plain_.units), gain=_change(ours.gain / plain_.gain))


def _change(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f}%".replace("-", "−")


def _sums(record: pd.DataFrame, name: str, dose: float = 0.0) -> pd.Series | None:
    found = record[(record.list == name) & np.isclose(record.dose.astype(float), dose)]
    return found[["units", "gain"]].sum() if len(found) else None


def past(record: pd.DataFrame) -> None:
    """Show each list over the past updates."""
    if record.empty:
        cards.notes(_("Nothing to compare yet."))
        return
    names = simple()
    table = [
        (_("This list, lean {dose}").format(dose=percent(dose)), _sums(record, OURS, dose))
        for dose in sorted(record[record.list == OURS].dose.unique())
    ] + [(names[name], _sums(record, name)) for name in SIMPLE]
    count = record.as_of.nunique()
    exports.table(
        "feature-record",
        pd.DataFrame(
            {
                _("List"): [name for name, found in table if found is not None],
                _("Units"): [number(found.units / count, 0) for _name, found in table if found is not None],
                _("Units beyond the usual"): [number(found.gain / count, 0) for _name, found in table if found is not None],
            }
        ),
    )
    cards.notes(
        n_(
            "Mean of {count} past update, all customers, 4 weeks after it.",
            "Mean of {count} past updates, all customers, 4 weeks after each.",
            count,
        ),
        _("Nobody was shown these lists: they show what sold anyway."),
        _("The default lean is chosen on these updates, which flatters it a little."),
    )


def lean(record: pd.DataFrame, dose: float) -> float:
    """Show how far to lean, by default this dose; return the chosen one. Without a record there is nothing to choose by."""
    if record.empty:
        cards.notes(_("Lean towards rising products: a full dose. It can be chosen once a past update's 4 weeks are over."))
        return dose
    return st.select_slider(
        _("Lean towards rising products"),
        DOSES,
        **address.one_of("dose", DOSES, dose),
        format_func=percent,
        width=260,
        help=_("Order = expected units × (1 + lean × chance of rising)."),
    )


# ---- the list


def chosen(segment: str, dose: float, picks: Sequence[Pick]) -> pd.DataFrame:
    """Return the candidates of a segment with what became of each, the best first, and its order on the list (NaN off it)."""
    found = data.ask("feature_candidates", segment=segment)
    rules = data.settings().feature
    near = data.ask("feature_near", segment=segment, similarity=rules.near_similarity)
    by = score(found.expected_units, found.rising_probability, dose)
    found = found.assign(by=by).sort_values(["by", "product_id"], ascending=[False, True], ignore_index=True)
    candidates = [
        Candidate(row.product_id, None if absent(row.brand) else row.brand, None if absent(row.supplier) else row.supplier)
        for row in found.itertuples()
    ]
    placed = place(
        candidates,
        pairs(near.itertuples(index=False, name=None), rules.near_similarity),
        LENGTH,
        Shares.of(rules),
        pinned=_pins(picks),
        excluded={one.product_id for one in picks if one.pick == EXCLUDE},
    )
    order = pd.DataFrame(
        {"product_id": [one.product_id for one in placed], "now": [one.state for one in placed], "near": [one.near for one in placed]}
    )
    return order.merge(found, on="product_id", how="left")


def _pins(picks: Sequence[Pick]) -> list[str]:
    return [one.product_id for one in picks if one.pick == PIN]


def listed(found: pd.DataFrame, segment: str, dose: float, currency: str) -> list[str]:
    """Show the list; return the products that are chosen in it."""
    shown = found[found.now == LISTED]
    why = _why(segment, list(shown.product_id))
    column = rows.Column
    columns = [
        column(_("Product"), "product", "product", 190, 2.2),
        column(_("Expected units"), "units", "figure", 84, 0.5, help=_("Mean forecast for 4 weeks and its 80% likely range.")),
        column(_("Expected margin"), "margin", "figure", 96, 0.6, help=_("Expected units × (price − cost), and its 80% likely range.")),
        column(_("Chance of rising"), "chance", "chance", 88, 0.7, tone="rise"),
        column(_("Stock"), "stock", "figure", 90, 0.6, help=_("Weeks of supply of the whole shop. It lasts if it covers the 4 weeks.")),
        column(_("Main reason"), "reason", "text", 160, 1.2),
    ]
    missing = {"margin": shown.margin_cents.isna(), "stock": shown.cover_weeks.isna()}
    columns = [c for c in columns if not (c.name in missing and missing[c.name].all())]
    ticked = rows.show(
        "featured",
        _("Products to feature"),
        columns,
        [rows.Row(row.product_id, _cells(row, currency, why)) for row in shown.itertuples()],
        selects=True,
    )
    with st.container(horizontal=True):
        exports.buttons(
            "feature",
            _headings(),
            lambda: _table(shown, why),
            [(_("Customer group"), labels.segment(segment)), (_("Lean towards rising products"), percent(dose))],
            type="tertiary",
        )
    if segment != "all":
        cards.notes(_("Units, margin and chances are for this customer group. Stock is for the whole shop."))
    return ticked


def _why(segment: str, products: list[str]) -> dict[str, str]:
    """Return the first reason for a rise of each product that may rise, as the list of risers says it; others sell well as they do."""
    if not products:
        return {}
    question = EVERYTHING | {"segment": segment, "products": products, "sort": "probability", "facts": data.FACTS}
    found, spread = data.ask("rising", **question, limit=len(products), offset=0), data.feature_spread()
    said = dict.fromkeys(products, _("Sells well"))
    for row in found[found.rising_probability >= WORTH_SAYING].itertuples():
        if first := next((one for one in reasons(row, False, spread) if one.push > 0), None):
            said[row.product_id] = show(first.text, language())
    return said


def _cells(row, currency: str, why: dict[str, str]) -> dict[str, dict | None]:
    about = [] if absent(row.category) else [str(row.category)]
    about += [] if absent(row.price_cents) else [money(row.price_cents, currency)]
    margin = None
    if not absent(row.margin_cents):
        span = f"{money(round(row.low_margin_cents, -2), currency)}–{money(round(row.high_margin_cents, -2), currency)}"
        margin = rows.figure(money(round(row.margin_cents, -2), currency), span)
    stock = None
    if not absent(row.cover_weeks):
        stock = rows.figure(labels.weeks(row.cover_weeks), _("Lasts") if row.enough else _("Runs short"), "fine" if row.enough else "short")
    return {
        "product": rows.product(
            shortened(row.title, 90), " · ".join(about), "" if absent(row.category) else row.category, pictures.address(row.product_id)
        ),
        "units": rows.figure(number(row.expected_units, 0), f"{number(row.low_units, 0)}–{number(row.high_units, 0)}"),
        "margin": margin,
        "chance": rows.chance(row.rising_probability, percent(row.rising_probability)),
        "stock": stock,
        "reason": rows.figure(why[row.product_id]) if row.product_id in why else None,
    }


def _headings() -> dict[str, str]:
    return {
        "order": _("Place"),
        "product_id": _("SKU"),
        "title": _("Product"),
        "category": _("Category"),
        "brand": _("Brand"),
        "supplier": _("Supplier"),
        "expected_units": _("Expected units"),
        "low_units": _("Likely range, low"),
        "high_units": _("Likely range, high"),
        "margin": _("Expected margin"),
        "rising_probability": _("Chance of rising"),
        "cover_weeks": _("Weeks of supply"),
        "why": _("Main reason"),
    }


def _table(shown: pd.DataFrame, why: dict[str, str]) -> pd.DataFrame:
    return shown.assign(
        order=range(1, len(shown) + 1),
        margin=(shown.margin_cents.astype(float) / 100).round(2),
        why=[why.get(product) for product in shown.product_id],
        **{name: shown[name].astype(float).round(1) for name in ("expected_units", "low_units", "high_units", "cover_weeks")},
    )


def picking(ticked: list[str], picks: Sequence[Pick], found: pd.DataFrame) -> None:
    """Show the buttons that pin and exclude the chosen products, and what is picked."""
    with st.container(horizontal=True, vertical_alignment="center"):
        off = not ticked
        if st.button(_("Pin"), icon=":material/keep:", key="feature_pin", disabled=off, help=_("Always first on the list, for everybody.")):
            cards.attempt(actions.pick, ticked, PIN)
        if st.button(
            _("Exclude"), icon=":material/block:", key="feature_exclude", disabled=off, help=_("Never on the list, for everybody.")
        ):
            cards.attempt(actions.pick, ticked, EXCLUDE)
        pins = _pins(picks)
        fixed = off or not set(ticked) <= set(pins) or len(pins) < 2
        for up, said, icon in ((True, _("Move up"), "arrow_upward"), (False, _("Move down"), "arrow_downward")):
            help_ = _("Order of the pinned products: select one of them to move it.")
            if st.button(said, icon=f":material/{icon}:", key=f"feature_{'up' if up else 'down'}", disabled=fixed, help=help_):
                cards.attempt(actions.pick, moved(pins, ticked, up), PIN)
        if off and not picks:
            cards.notes(_("Select products in the list to pin or exclude them."))
    if picks:
        titles = _titles([one.product_id for one in picks])
        for way, said in ((PIN, _("Pinned: {products}")), (EXCLUDE, _("Excluded: {products}"))):
            named = [plain(shortened(titles.get(one.product_id, one.product_id), 40)) for one in picks if one.pick == way]
            if named:
                cards.notes(said.format(products=", ".join(named)))
        if absent_ := [one.product_id for one in picks if one.pick == PIN and one.product_id not in set(found.product_id)]:
            cards.notes(
                n_(
                    "{count} pinned product is out of stock or sells too little here, so the list lacks it.",
                    "{count} pinned products are out of stock or sell too little here, so the list lacks them.",
                    len(absent_),
                )
            )
        if st.button(_("Undo pins and exclusions"), icon=":material/undo:", key="feature_unpick"):
            cards.attempt(actions.pick, [one.product_id for one in picks], "")


def _titles(products: list[str]) -> dict[str, str]:
    found = data.ask("feature_titles", products=sorted(set(products)))
    return dict(zip(found.product_id, found.title))


def left_out(found: pd.DataFrame) -> None:
    """Say which candidates with a better place than the last of the list are left out, and why."""
    titles = dict(zip(found.product_id, found.title))
    last = found[found.now == LISTED].by.min()
    over = found[(found.now.isin((NEAR, BRAND, SUPPLIER, RESERVED))) & (found.by >= last)]
    if over.empty:
        return
    words = {
        NEAR: lambda row: _("too similar to {product}").format(product=shortened(titles[row.near], 40)),
        BRAND: lambda row: _("brand has its share of the list"),
        SUPPLIER: lambda row: _("supplier has its share of the list"),
        RESERVED: lambda row: _("place kept for the smallest share of other brands or suppliers"),
    }
    with st.expander(n_("{count} product left out", "{count} products left out", len(over)), icon=":material/filter_alt:"):
        exports.table(
            "feature-left-out",
            pd.DataFrame({_("Product"): list(over.title), _("Why"): [words[row.now](row) for row in over.itertuples()]}),
        )


# ---- actions


def keep(found: pd.DataFrame, segment: str, dose: float) -> None:
    """Show the form that keeps the list as an action."""
    shown, first = found[found.now == LISTED], data.meta().as_of.date() + timedelta(days=1)
    cards.notes(_("Record what you feature and from when, so that you can see later whether it paid."))
    with st.container(border=True):
        name = st.text_input(_("Name"), max_chars=60, key="feature_name", placeholder=_("Front page, week 12"))
        with st.container(horizontal=True):
            begins = st.date_input(_("From"), first, key="feature_from")
            ends = st.date_input(_("To"), first + timedelta(days=27), key="feature_to")
        share = st.select_slider(
            _("Hold-out"),
            (0.0, 0.1, 0.2, 0.3, 0.5),
            0.2,
            format_func=percent,
            key="feature_holdout",
            help=_("Share of the list, drawn at random, that you do not feature. Without it, nobody can tell whether featuring paid."),
        )
        products = list(shown.product_id)
        held = len(hold_out(products, share, 0))
        seen = power.power(segment, products, held, power.weeks_of(begins, ends)) if held else None
        cards.notes(power.said(seen, held, len(products)))
        sent = st.button(_("Keep"), icon=":material/bookmark_add:", key="feature_keep", disabled=shown.empty)
    if sent:
        cards.attempt(actions.keep_featured, name, segment, shown, share, begins, ends, dose, seen)


def kept_actions(found: Sequence[Action]) -> None:
    """Show the kept actions, each with what is featured and held out, and a button that undoes it."""
    if not found:
        return
    st.subheader(_("Kept actions"), anchor=False)
    titles = _titles([product for one in found for product in (*one.products, *one.control)])
    for one in found:
        said = f"**{plain(one.name)}** · {labels.segment(one.segment)} · {day(one.first_day)} – {day(one.last_day)}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(said)
            st.space("stretch")
            if st.button(_("Undo"), icon=":material/undo:", key=f"feature_undo_{one.id}", type="tertiary"):
                cards.attempt(actions.undo_action, one.id)
        facts = [
            n_("{count} product featured", "{count} products featured", len(one.products)),
            _("{units} units expected in 4 weeks").format(units=number(one.expected_units, 0)),
            _("Held out: {products}").format(products=_named(one.control, titles)) if one.control else _("No hold-out"),
        ]
        cards.notes(" · ".join(facts))


def _named(products: Sequence[str], titles: dict[str, str]) -> str:
    return ", ".join(plain(shortened(titles.get(product, product), 40)) for product in products)
