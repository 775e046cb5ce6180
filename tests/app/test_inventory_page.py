"""The Inventory page on made-up snapshots: what it lists and explains, what a planner does to it, and which problems it names."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from fixtures.serving import COSTLESS, write_snapshot

from core.capabilities.inventory.control import NO_ORDER, PROBLEMS
from core.capabilities.inventory.plan import WITHHELD
from core.storage.state import State
from dashboard.components.inventory import labels as own
from dashboard.i18n import plain
from tests.app.visit import tables, words


@pytest.fixture(scope="module")
def suggestions(readonly_shop) -> pd.DataFrame:
    folder = next(readonly_shop.snapshots.iterdir())
    return pd.read_parquet(folder / "suggestions.parquet").merge(pd.read_parquet(folder / "products.parquet")[["product_id", "supplier"]])


@pytest.fixture
def mine(workspace):
    """A shop of one's own to change."""
    write_snapshot(workspace)
    return workspace


def listed(at) -> pd.DataFrame:
    return table_with(at, "planner_order_units").set_index("product_id")


def table_with(at, column: str) -> pd.DataFrame:
    return next(d.value for d in at.dataframe if column in d.value)


def gain_per_money(rows: pd.DataFrame) -> float:
    return (rows.gain / rows.line_cost).mean()


def choose(at, *products: str):
    at.session_state["chosen"] = list(products)  # as the callback of the list does for ticked rows
    at.run()
    assert not at.exception
    return at


def field(at, name: str):
    """A field of the open form; the rest of its key says for which choice it is."""
    return next(w for kind in (at.selectbox, at.number_input, at.date_input, at.text_input) for w in kind if (w.key or "").startswith(name))


def save(at, **values):
    """Fills in the open form and saves it."""
    for name, value in values.items():
        field(at, name).set_value(value)
    at.button(key="change_save").click().run()
    assert not at.exception
    return at


# ---- seeing


def test_the_page_opens_on_what_to_order_most_lost_by_waiting_first(open_page, suggestions):
    at = open_page("inventory")
    due = suggestions.query("status == 'order now'")
    assert set(listed(at).index) == set(due.product_id) and listed(at).lost_margin.is_monotonic_decreasing
    assert {m.label: m.value for m in at.metric}["To order"] == str(len(due))


def test_filters_of_the_address_narrow_the_list_and_its_totals(open_page, suggestions):
    at = open_page("inventory", supplier="木艺工坊", status="order now")
    theirs = suggestions.query("status == 'order now' and supplier == '木艺工坊'")
    assert set(listed(at).index) == set(theirs.product_id) and {m.label: m.value for m in at.metric}["To order"] == str(len(theirs))


def test_without_stock_the_page_says_so_and_shows_levels_alone(open_page, workspace):
    write_snapshot(workspace, stock_known=0)
    at = open_page("inventory", workspace=workspace)
    assert "No stock data, so no order quantities" in words(at)
    assert len(listed(at)) == 60 and listed(at).suggested_order_units.isna().all()


def test_a_shop_that_never_sold_is_told_that_there_is_no_plan(open_page, workspace):
    write_snapshot(workspace, **{name: lambda f: f[:0] for name in ("suggestions", "planning", "problems")})
    assert "has no order suggestions" in words(open_page("inventory", workspace=workspace))


def test_a_chosen_product_says_why_this_many_with_the_plans_own_numbers(open_page, suggestions):
    at = open_page("inventory")
    row = suggestions.query("status == 'order now' and wait_days == 0").iloc[0]
    said = words(choose(at, row.product_id))
    assert f"**Order {row.suggested_order_units:,.0f}**" in said
    assert f"Reorder point **{row.reorder_point:,.0f}** = " in said and f"Available + incoming **{row.inventory_position:,.0f}** = " in said
    demand = row.reorder_point - row.safety_stock
    assert f"= {demand:,.0f} expected in 2 weeks of lead time and 1 of order cycle" in said
    assert "95% of deliveries arrive before it runs out" in said


def test_an_order_that_its_supplier_takes_later_says_when_and_counts_the_wait(open_page, suggestions):
    at = open_page("inventory")
    row = suggestions.query("status == 'order now' and wait_days > 0").iloc[0]
    said = words(choose(at, row.product_id))
    assert "The supplier accepts it on 6 Dec 2011." in said and "expected in 1 day until the order goes out, 2 weeks of lead time" in said
    shown = listed(at)
    assert shown.goes_out[row.product_id] == pd.Timestamp(2011, 12, 6)
    assert shown.goes_out[suggestions.query("status == 'order now' and wait_days == 0").product_id].isna().all()


def test_what_is_on_order_for_later_is_seen_and_is_no_part_of_the_position(open_page, suggestions):
    at = open_page("inventory")
    shown = listed(at)
    later = shown.index[shown.on_order_later > 0]
    assert len(later) and all(int(p[1:]) % 7 == 0 for p in later)
    assert "24 more are on order but arrive too late for this plan" in words(choose(at, later[0]))


def test_a_suppliers_whole_order_is_held_against_its_least_order_value(open_page, suggestions):
    row = suggestions.query("status == 'order now' and supplier == 'Harbour & Sons'").iloc[0]
    (whole,) = table_with(open_page("inventory", section="suppliers"), "missing").query("supplier == 'Harbour & Sons'").itertuples()
    assert whole.minimum == 250_000 and whole.missing == pytest.approx(250_000 - whole.cost)
    (part,) = table_with(open_page("inventory", section="suppliers", q=row.product_id), "missing").itertuples()
    assert part.lines == 1 and part.missing == whole.missing  # the filters narrow what is shown, not the order


def test_the_stop_list_says_what_to_mark_down_where_prices_are_known_to_help(open_page, readonly_shop):
    told = table_with(open_page("inventory", section="stop"), "advice").set_index("product_id")
    served = pd.read_parquet(next(readonly_shop.snapshots.iterdir()) / "markdowns.parquet").set_index("product_id")
    helps = served.index[served.markdown_share.notna()]
    assert len(helps) and told.advice[helps].str.startswith("Mark down by about ").all()
    assert set(told.advice.drop(helps)) == {"Stop ordering"}


def test_a_budget_changes_the_list_its_order_and_its_totals(open_page, suggestions):
    at = open_page("inventory")
    whole = listed(at)
    at.number_input(key="budget").set_value(round(whole.line_cost.sum() / 3)).run()
    assert not at.exception
    part, given = listed(at), at.number_input(key="budget").value
    assert 0 < len(part) < len(whole) and given / 2 < part.line_cost.sum() <= given
    assert {m.label: m.value for m in at.metric}["To order"] == str(len(part))
    assert f"of the £{given:,.0f} budget is used" in words(at) and (part.gain > 0).all()
    at.number_input(key="budget").set_value(given / 3).run()
    assert len(listed(at)) < len(part) and gain_per_money(listed(at)) > gain_per_money(part)
    at.number_input(key="budget").set_value(None).run()
    pd.testing.assert_frame_equal(listed(at), whole)


def test_what_the_budget_leaves_out_says_so(open_page, suggestions):
    at = open_page("inventory", budget="0")
    row = suggestions.query("status == 'order now'").iloc[0]
    assert "No product matches these filters" in words(at)
    at.session_state["chosen"] = [row.product_id]
    at.run()
    assert f"{row.suggested_order_units:,.0f} are suggested, but other products return more for the budget" in words(at)


def test_where_no_cost_is_known_money_is_a_dash_and_no_budget_can_be_given(open_page, workspace):
    write_snapshot(workspace, stock_known=1.0, **COSTLESS)
    at = open_page("inventory", workspace=workspace, budget="10", section="what-if")
    for field_ in (at.number_input(key="budget"), at.number_input(key="what_if_budget")):
        assert field_.disabled and "No product has a known cost" in field_.help
    assert at.number_input(key="budget").placeholder == "–" and "budget is used" not in words(at) and not at.exception
    at.number_input(key="what_if_demand").set_value(150.0)
    at.button(key="what_if_compare").click().run()
    assert table_with(at, "fill")[["cost", "stock"]].isna().all(axis=None) and not at.exception
    assert table_with(open_page("inventory", workspace=workspace, section="suppliers"), "missing").cost.isna().all()


@pytest.mark.parametrize(("target", "asks"), [("cycle", "deliveries"), ("fill", "demand"), ("shop", "fill rate"), ("cost", "by cost")])
def test_a_service_level_says_what_it_asks_for(open_page, mine, target, asks):
    mine.save_settings(mine.settings().with_values("inventory", target=target))
    level = open_page("inventory", workspace=mine, section="what-if").number_input(key="what_if_level")
    assert asks in level.help and level.disabled == (target == "cost")


def test_a_scenario_stands_beside_now_and_is_kept_under_its_name(open_page, mine):
    at = open_page("inventory", workspace=mine, section="what-if")
    at.number_input(key="what_if_demand").set_value(150.0)
    at.button(key="what_if_compare").click().run()
    assert list(table_with(at, "fill").name) == ["Current", "Scenario"] and State(mine).views("inventory what-if") == []
    at.number_input(key="what_if_level").set_value(99.0)
    at.text_input(key="what_if_name").set_value("Christmas")
    at.button(key="what_if_compare").click().run()
    assert not at.exception
    now, then = table_with(at, "fill").itertuples()
    assert (now.name, then.name, then.demand, then.level) == ("Current", "Christmas", 1.5, "99%")
    assert then.to_order > now.to_order and then.cost > now.cost and then.stock > now.stock
    again = open_page("inventory", workspace=mine, section="what-if", supplier="木艺工坊")
    again.multiselect(key="scenarios").set_value(["Christmas"]).run()
    theirs = table_with(again, "fill")
    assert list(theirs.name) == ["Current", "Christmas"] and (theirs.cost < [now.cost, then.cost]).all()


def test_a_scenario_lists_the_products_it_changes_and_becomes_the_plan_until_it_is_undone(open_page, mine):
    at = open_page("inventory", workspace=mine, section="what-if")
    at.number_input(key="what_if_demand").set_value(150.0)
    at.button(key="what_if_compare").click().run()
    changed = table_with(at, "more")
    assert len(changed) and (changed.then - changed.now == changed.more).all() and (changed.more != 0).all()
    at.button(key="adopt_save").click().run()
    assert at.error[0].value == "Choose a reason." and State(mine).overrides() == []
    at.selectbox(key="adopt_reason").set_value("promotion planned")
    at.button(key="adopt_save").click().run()
    assert not at.exception
    made = State(mine).overrides()
    assert len(made) == len(changed) and sorted(o.value for o in made) == sorted(changed.then)
    at.button(key="undo").click().run()
    assert not at.exception and all(o.ended_at for o in State(mine).overrides())


def test_an_order_is_drafted_from_the_plan_and_once_sent_counts_as_on_order(open_page, mine, suggestions):
    at = open_page("inventory", workspace=mine, supplier="木艺工坊")
    due = listed(at)
    at.text_area(key="order_ship_to").set_value("1 High St")
    at.button(key="order_create").click().run()
    assert not at.exception and "PO-" in words(at) and at.success
    (made,) = State(mine).purchase_orders()
    assert (made.supplier, made.ship_to, made.status) == ("木艺工坊", "1 High St", "draft")
    assert {line.product_id: line.units for line in made.lines} == due.order_units.to_dict()
    assert set(listed(open_page("inventory", workspace=mine, supplier="木艺工坊")).index) == set(due.index)  # a draft is not on order
    at.button(key="order_to_sent").click().run()
    assert not at.exception and State(mine).order(made.number).status == "sent"
    after = open_page("inventory", workspace=mine, supplier="木艺工坊", status="")
    assert (listed(after).loc[due.index].order_units == 0).mean() > 0.9


def test_undoing_a_change_brings_back_what_it_replaced(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first = listed(at).index[0]
    for units in (42.0, 60.0):
        save(choose(at, first), change_units=units, change_reason="budget")
    at.button(key="undo").click().run()
    assert not at.exception and listed(at).loc[first].planner_order_units == 42


def test_typed_quantities_are_saved_together_with_one_reason(open_page, mine):
    at = open_page("inventory", workspace=mine)
    both = list(listed(at).index[:2])
    at.session_state["_unsaved"] = dict.fromkeys(both, 12.0)  # as the callback of the list does
    at.run()
    assert "2 quantities are not saved yet" in words(at)
    at.selectbox(key="change_reason_typed").set_value("budget")
    at.button(key="change_save").click().run()
    assert {o.name: o.value for o in State(mine).overrides()} == dict.fromkeys(both, 12)


def test_a_scenario_may_have_a_promotion_of_some_weeks_and_a_budget_of_its_own(open_page, mine):
    at = open_page("inventory", workspace=mine, section="what-if")
    at.number_input(key="what_if_promotion").set_value(200.0)
    at.slider(key="what_if_weeks").set_value((1, 3))
    at.button(key="what_if_compare").click().run()
    now, then = table_with(at, "fill").itertuples()
    assert then.promotion == "200%, weeks 1 to 3" and then.cost > now.cost and now.promotion == now.budget == ""
    at.number_input(key="what_if_budget").set_value(100.0)
    at.button(key="what_if_compare").click().run()
    assert not at.exception
    now, then = table_with(at, "fill").itertuples()
    assert then.budget == "£100" and then.cost <= 100 < now.cost and then.fill < now.fill


# ---- problems


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    from core.workspace import Workspace

    workspace = Workspace(tmp_path_factory.mktemp("troubled"))
    write_snapshot(workspace, stock_known=1.0, planted=True)
    return workspace


@pytest.mark.parametrize("number, problem", list(enumerate(PROBLEMS)), ids=PROBLEMS)
def test_a_problem_is_named_with_what_was_done_and_its_button_lists_its_products(open_page, troubled, number, problem):
    at = open_page("inventory", workspace=troubled)
    title, done = own.PROBLEMS[problem]
    assert done in [c.value for c in at.caption]
    at.button(key=f"problem_{problem}").click().run()
    assert not at.exception
    shown = listed(at)
    assert f"P{number:04d}" in shown.index and shown.problems.str.contains(title).all()
    row = shown.loc[f"P{number:04d}"]
    if problem in NO_ORDER:
        assert pd.isna(row.suggested_order_units) and pd.isna(row.line_cost)
    if problem in ("cost missing", "cost above price"):
        assert row.suggested_order_units > 0 and pd.isna(row.lost_margin)
        assert pd.isna(row.line_cost) == (problem == "cost missing")


def test_products_that_cannot_be_ordered_for_their_data_are_a_status_of_their_own(open_page, troubled):
    shown = listed(open_page("inventory", workspace=troubled, status=WITHHELD))
    assert set(shown.index) == {f"P{i:04d}" for i, name in enumerate(PROBLEMS) if name in NO_ORDER}


def test_without_problems_there_is_no_section_of_them(open_page, workspace):
    write_snapshot(workspace, problems=lambda f: f[:0])
    at = open_page("inventory", workspace=workspace)
    assert not [b for b in at.button if (b.key or "").startswith("problem_")] and not at.expander


# ---- the planner's hand


def test_a_quantity_needs_a_reason_and_is_kept_with_who_why_and_what_it_was(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first = listed(at).iloc[0]
    choose(at, first.name)
    assert [box.label for box in at.selectbox if box.key.startswith("change_reason")] == ["Reason (required)"]
    save(at, change_units=42.0)
    assert at.error[0].value == "Choose a reason." and State(mine).overrides() == []
    save(at, change_units=42.0, change_reason="promotion planned", change_comment="window display", planner="Ana")
    assert listed(at).loc[first.name].planner_order_units == 42 and at.session_state.chosen == []
    (made,) = State(mine).overrides()
    assert (made.name, made.value, made.before, made.reason, made.comment, made.actor) == (
        first.name,
        42,
        first.suggested_order_units,
        "promotion planned",
        "window display",
        "Ana",
    )
    assert made.expires_on == date(2011, 12, 10)  # the day before the next weekly review
    again = listed(open_page("inventory", workspace=mine))
    assert again.loc[first.name].planner_order_units == 42


def test_a_change_is_seen_and_can_be_taken_back(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first = listed(at).index[0]
    save(choose(at, first), change_units=42.0, change_reason="budget")
    choose(at, first)
    assert "**Quantity: 42 instead of" in words(at) and "**Order 42**" in words(at)
    (made,) = State(mine).overrides()
    at.button(key=f"take_back_{made.id}").click().run()
    assert pd.isna(listed(at).loc[first].planner_order_units) and State(mine).overrides()[0].ended_by == "dashboard"


def test_a_snoozed_product_leaves_the_order_and_is_found_among_the_snoozed(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first = listed(at).index[0]
    choose(at, first)
    at.segmented_control(key="change_kind").set_value("snooze_until").run()
    save(at, change_until=date(2011, 12, 20), change_reason="no room")
    assert first not in listed(at).index
    assert list(listed(open_page("inventory", workspace=mine, status="snoozed")).index) == [first]


def test_terms_of_a_supplier_plan_all_of_its_products_again(open_page, mine, suggestions):
    at = open_page("inventory", workspace=mine)
    first = suggestions.set_index("product_id").loc[listed(at).index[0]]
    choose(at, first.name)
    at.segmented_control(key="change_kind").set_value("terms").run()
    save(at, change_scope=1, change_lead=56.0, change_reason="supplier cannot deliver")
    (made,) = State(mine).overrides()
    assert (made.scope, made.name, made.value) == ("supplier", first.supplier, 56)
    told = table_with(open_page("inventory", workspace=mine, section="changes"), "until")
    assert list(told.what) == [f"All of {first.supplier}"]  # as it stands: a table takes no Markdown
    theirs = suggestions[suggestions.supplier == first.supplier].set_index("product_id").suggested_order_units
    after = listed(at)
    rows = [p for p in theirs.index if theirs[p] > 0]
    assert (after.loc[rows].suggested_order_units > theirs[rows]).all()


def test_a_lead_time_that_is_changed_twice_plans_with_its_last_value(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first, planned = listed(at).index[0], []
    for days in (56.0, 7.0):
        State(mine).set_override("product", first, "lead_time_days", days, reason="budget", actor="ana", expires_on=date(2011, 12, 19))
        planned.append(listed(at.run()).order_up_to_level[first])
    assert planned[0] > planned[1]


def test_a_change_holds_for_each_of_several_chosen(open_page, mine):
    at = open_page("inventory", workspace=mine)
    both = list(listed(at).index[:2])
    choose(at, *both)
    field(at, "change_percent").set_value(-100.0).run()
    save(at, change_reason="being phased out")
    assert sorted((o.name, o.value) for o in State(mine).overrides()) == [(p, 0) for p in sorted(both)]
    assert (listed(at).loc[both].planner_order_units == 0).all()  # they stay in sight, ordering nothing


def test_all_found_rows_change_by_a_percentage_in_packs_with_one_reason_and_one_undo(open_page, mine):
    at = open_page("inventory", workspace=mine, supplier="木艺工坊")
    before = listed(at).order_units
    at.button(key="select_all").click().run()
    assert at.session_state.chosen == list(before.index) and listed(at).chosen.all()
    save(at, change_reason="promotion planned")
    assert at.error[0].value == "No quantity differs from the plan. Change the number."
    field(at, "change_percent").set_value(60.0).run()
    assert f"{len(before)} quantities change: " in words(at)
    save(at, change_reason="promotion planned", planner="Ana")
    new = np.maximum(np.floor(before * 1.6 / 6 + 0.5) * 6, 6)  # packs of six, and a minimum of one pack
    assert listed(at).planner_order_units.to_dict() == new.to_dict()
    made = [entry for entry in State(mine).audit() if entry.act == "override"]
    assert len(made) == len(before) and {(entry.actor, entry.reason) for entry in made} == {("Ana", "promotion planned")}
    at.button(key="undo").click().run()
    assert not at.exception and listed(at).order_units.to_dict() == before.to_dict()


def test_several_quantities_may_be_set_to_a_number_and_the_selection_cleared(open_page, mine):
    at = open_page("inventory", workspace=mine)
    both = list(listed(at).index[:2])
    choose(at, *both)
    next(c for c in at.segmented_control if c.key.startswith("change_way")).set_value("units").run()
    field(at, "change_units").set_value(20.0).run()
    save(at, change_reason="budget")
    assert {o.name: o.value for o in State(mine).overrides()} == dict.fromkeys(both, 18)
    choose(at, *both).button(key="select_none").click().run()
    assert at.session_state.chosen == [] and not listed(at).chosen.any()


def test_another_choice_starts_with_its_own_quantity_and_no_reason(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first, second = listed(at).index[:2]
    choose(at, first)
    field(at, "change_units").set_value(999.0)
    field(at, "change_reason").set_value("budget")
    save(at, change_comment="for the first", change_reason=None)  # refused: what was filled in stays
    assert field(at, "change_units").value == 999
    choose(at, second)
    assert field(at, "change_units").value == listed(at).loc[second].suggested_order_units
    assert field(at, "change_reason").value is None and field(at, "change_comment").value == ""


def test_terms_hold_90_days_and_a_quantity_until_the_day_before_the_next_review(open_page, mine):
    at = open_page("inventory", workspace=mine)
    choose(at, listed(at).index[0])
    assert field(at, "change_holds").value == date(2011, 12, 10)
    at.segmented_control(key="change_kind").set_value("terms").run()
    assert field(at, "change_holds").value == date(2012, 3, 3)


def test_an_empty_field_is_asked_for_and_nothing_is_saved(open_page, mine):
    at = choose(open_page("inventory", workspace=mine), "P0010")
    at.segmented_control(key="change_kind").set_value("terms").run()
    save(at, change_reason="other")
    assert at.error[0].value == "Fill in the value and the day." and State(mine).overrides() == []


def test_a_lapsed_quantity_is_judged_by_what_was_needed(open_page, mine):
    at = open_page("inventory", workspace=mine)
    first = listed(at).index[0]
    save(choose(at, first), change_units=42.0, change_reason="budget", planner="Ana")
    write_snapshot(mine, as_of=date(2012, 2, 5), snapshot="20120205-1")
    at = open_page("inventory", workspace=mine, section="changes")
    judged = table_with(at, "needed")
    assert list(judged.planner) == [42] and "Were the changes right?" in words(at)
    assert list(table_with(at, "until").state) == ["expired"]


# ---- out of the door


def test_the_print_view_is_a_table_a_supplier_of_what_goes_out(open_page, suggestions):
    at = open_page("inventory", print="1")
    assert not at.exception and not at.dataframe
    due = suggestions.query("suggested_order_units > 0")
    assert {s.value for s in at.subheader} == {plain(s) for s in due.supplier}
    assert sum(len(t.value) for t in at.table) == len(due)


def test_half_units_are_told_as_they_are_ordered_on_paper_and_in_words(open_page, mine, suggestions):
    first = suggestions.query("status == 'order now'").iloc[0]
    State(mine).set_override("product", first.product_id, "order_units", 37.5, reason="other", actor="ana", expires_on=date(2099, 1, 1))
    printed = pd.concat([t.value for t in open_page("inventory", workspace=mine, print="1").table]).set_index("SKU")
    assert printed.loc[first.product_id, "Order"] == "37.5"
    assert "**Order 37.5**" in words(choose(open_page("inventory", workspace=mine), first.product_id))


def test_a_template_with_an_unknown_column_is_told_on_the_page(open_page, mine):
    mine.save_settings(mine.settings().with_values("inventory", order_columns=("product_id", "colour")))
    at = open_page("inventory", workspace=mine)
    assert not at.exception and "colour" in at.error[0].value


def test_a_replay_can_be_asked_for_and_shows_what_the_last_one_found(open_page, mine):
    state = State(mine)
    job, _ = state.add_job("simulate", {}, "test")
    summary = {
        "from": "2010-12-06",
        "until": "2011-12-04",
        "products": 60,
        "fill_rate": 0.95,
        "promised": 0.95,
        "achieved": 0.976,
        "told": 0.9718,
        "lasted": 0.976,
        "policies": [
            {"policy": "upswing", "points": [[0.8, 9e6], [0.97, 2e7]], "stock": 17_000_000.0},
            {
                "policy": "auto_ets",
                "points": [[0.8, 1.1e7], [0.96, 2.5e7]],
                "stock": 20_000_000.0,
                "saving": 0.15,
                "low": 0.08,
                "high": 0.2,
            },
            {"policy": "croston_sba", "points": [[0.7, 1e7], [0.9, 2e7]], "stock": None, "saving": None, "low": None, "high": None},
            *(
                {"policy": policy, "points": [[0.8, 1e7], [0.99, 3e7]], "stock": 2e7, "saving": 0.1, "low": -0.1, "high": 0.2}
                for policy in ("twelve_week_mean", "seasonal_naive")
            ),
        ],
    }
    token = state.take_worker()
    state.claim_job(token)
    state.end_job(job.id, token, "done", result={"summary": summary, "out": str(mine.root), "text": "done"})
    at = open_page("inventory", workspace=mine, section="replay")
    table = tables(at)[0]
    assert table.iloc[:, 0].tolist()[:3] == ["£170k", "£200k", "never reached"]
    assert "Service levels that promised 95% achieved 97.6%." in words(at)
    assert "Chance that stock lasts until the next delivery: 97.2% planned on average, 97.6% actual." in words(at)
    assert table.iloc[:3, 1].tolist() == ["–", "15% (8%–20%)", "–"] and not at.exception
    at.button(key="simulate").click().run()
    assert [j.kind for j in state.jobs() if j.active] == ["simulate"]
