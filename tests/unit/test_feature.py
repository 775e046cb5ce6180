"""Lists to feature on made-up products: what they name, what they leave out, and how they are measured."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.capabilities.feature.backtest import lists, measure, usual_units
from core.capabilities.feature.dose import DOSE, DOSES, OURS, SIMPLE, choose, score
from core.capabilities.feature.lists import Candidate, Shares, hold_out, pairs, place
from core.capabilities.feature.tables import BELOW, BRAND, LISTED, NEAR, RESERVED, SUPPLIER
from core.errors import UserError
from core.storage import duckdb as db
from core.storage.state import EXCLUDE, FEATURED, PIN, State

FIVE = [Candidate("a", "X", "S"), Candidate("b", "X", "T"), Candidate("c", "Y", "S"), Candidate("d", None, None), Candidate("e", "X", "S")]


def states(placed) -> dict[str, str]:
    return {one.product_id: one.state for one in placed}


def test_a_list_takes_the_best_and_leaves_the_rest_below():
    assert states(place(FIVE, {}, 3)) == {"a": LISTED, "b": LISTED, "c": LISTED, "d": BELOW, "e": BELOW}


def test_a_product_near_a_listed_one_is_left_out_and_the_next_moves_up():
    placed = place(FIVE, pairs([("b", "a", 0.97), ("c", "a", 0.8)], 0.9), 2)
    assert states(placed) == {"a": LISTED, "b": NEAR, "c": LISTED, "d": BELOW, "e": BELOW}
    assert placed[1].near == "a"


def test_nearness_counts_in_either_direction():
    assert states(place(FIVE, {"a": {"b"}}, 5))["b"] == NEAR


def test_a_brand_and_a_supplier_have_at_most_their_share():
    found = states(place(FIVE, {}, 4, Shares(0.5, 0.25)))
    assert found == {"a": LISTED, "b": LISTED, "c": SUPPLIER, "d": LISTED, "e": BRAND}


def test_pins_come_first_whatever_their_share_and_exclusions_never():
    placed = place(FIVE, {"e": {"a"}}, 2, Shares(0.5), pinned=["e"], excluded={"b"})
    assert placed[0].product_id == "e" and placed[0].state == LISTED
    assert states(placed) == {"e": LISTED, "a": NEAR, "c": LISTED, "d": BELOW}


def test_pins_keep_the_order_that_they_were_given():
    assert [one.product_id for one in place(FIVE, {}, 4, pinned=["d", "b"])][:3] == ["d", "b", "a"]


def test_a_brand_and_a_supplier_get_their_smallest_share():
    assert states(place(FIVE, {}, 2, Shares(least_brand=0.5))) == {"a": LISTED, "b": RESERVED, "c": LISTED, "d": BELOW, "e": BELOW}
    assert states(place(FIVE, {}, 3, Shares(least_supplier=0.3))) == {"a": LISTED, "b": LISTED, "c": LISTED, "d": BELOW, "e": BELOW}
    assert states(place(FIVE, {}, 1, Shares(least_brand=1.0)))["a"] == LISTED  # of more brands than places, the best


def test_places_of_a_brand_whose_products_are_too_similar_go_to_the_next_best():
    found = states(place(FIVE, {"c": {"a"}}, 2, Shares(least_brand=0.5)))
    assert found == {"a": LISTED, "b": LISTED, "c": NEAR, "d": RESERVED, "e": RESERVED}


@pytest.mark.parametrize("seed", range(20))
def test_a_list_is_full_and_holds_every_share_that_it_can(seed):
    random = np.random.default_rng(seed)
    made = [Candidate(f"P{k:02d}", "XYZ"[random.choice(3, p=[0.7, 0.2, 0.1])], "ST"[random.integers(2)]) for k in range(60)]
    listed = [one for one, placed in zip(made, place(made, {}, 20, Shares(0.6, 1.0, 0.2, 0.4))) if placed.state == LISTED]
    assert len(listed) == 20
    for brand in "XYZ":
        count = sum(one.brand == brand for one in listed)
        assert min(4, sum(one.brand == brand for one in made)) <= count <= 12
    assert min(sum(one.supplier == supplier for one in listed) for supplier in "ST") >= 8


def test_a_hold_out_is_drawn_by_its_seed():
    products = [f"P{k}" for k in range(20)]
    drawn = hold_out(products, 0.2, 11)
    assert len(drawn) == 4 and drawn == hold_out(products, 0.2, 11) != hold_out(products, 0.2, 12)
    assert drawn == sorted(drawn, key=products.index)
    assert hold_out(products, 0.0, 11) == [] == hold_out(["P0"], 0.5, 11)


# ---- the measure


def past(origins: int = 12, rises: float = 30.0) -> pd.DataFrame:
    """40 products a week; those with an even number rise by `rises` units, and only the forecast knows."""
    frames = []
    for week in range(origins):
        number = np.arange(40)
        usual = 100.0 - number
        rising = number % 2 == 0
        units = usual + rises * rising
        frames.append(
            pd.DataFrame(
                {
                    "as_of": pd.Timestamp(2024, 1, 7) + pd.Timedelta(weeks=week),
                    "product_id": [f"P{k:02d}" for k in number],
                    "mean": usual,
                    "rising_probability": np.where(rising, 0.4, 0.0),
                    "units": units,
                    "gain": units - usual,
                    **dict.fromkeys(SIMPLE, usual),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def test_leaning_is_measured_against_best_sellers_at_origins_with_a_past():
    measured = measure(lists(past()))
    assert len(measured.origins) == 12 - 7  # 4 earlier origins, whose 4 weeks are over
    assert measured.ratios["gain", "units_28d"] == pytest.approx([510 / 300] * 3)  # no week differs, so the interval has no width


def test_lists_of_dose_0_order_by_expected_units():
    found = lists(past(1))
    by = {(row.list, row.dose): row for row in found.itertuples()}
    assert by[OURS, 0.0].units == by["units_28d", 0.0].units == sum(130.0 - k if k % 2 == 0 else 100.0 - k for k in range(20))
    assert set(found[found.list == OURS].dose) == set(DOSES)


def test_a_dose_is_chosen_on_the_past_alone():
    """Leaning gains in the first weeks and loses later: at the turn, the dose still follows what was known."""
    turned = past(12)
    late = turned.as_of >= turned.as_of.min() + pd.Timedelta(weeks=7)
    odd = turned.product_id.str[-1].astype(int) % 2 == 1
    turned.loc[late, "gain"] = np.where(odd[late], 30.0, 0.0)
    assert (measure(lists(turned)).origins.dose.iloc[:4] > 0).all()
    assert choose(lists(turned[late])) == 0.0


def test_a_dose_that_costs_more_than_2_percent_of_units_is_not_chosen():
    dear = past()
    dear["units"] = np.where(dear.gain > 0, 10.0, 200.0)
    assert choose(lists(dear)) == 0.0


def test_a_short_past_takes_the_default_dose():
    assert choose(lists(past(3))) == DOSE
    assert measure(lists(past(3))).ratios == {}


def test_usual_units_are_expected_orders_times_units_an_order():
    assert usual_units(np.array([10.0]), np.array([20.0]), np.array([60.0])).tolist() == [30.0]


def test_outcomes_are_counted_around_the_origin():
    origin = pd.Timestamp(2024, 3, 31)
    days = [
        (-364 + 1, 1.0),
        (-56, 2.0),
        (-55, 4.0),
        (-28, 8.0),
        (-27, 16.0),
        (-13, 32.0),
        (-6, 64.0),
        (0, 128.0),
        (1, 256.0),
        (28, 512.0),
        (29, 1024.0),
    ]
    with db.connect() as con:
        rows = ", ".join(f"('A', date '{(origin + pd.Timedelta(days=d)).date()}', {units})" for d, units in days)
        con.execute(f"create table all_days as select * from (values {rows}) t (product_id, day, units)")
        con.execute("create table forecast as select date '2024-03-31' as as_of, 'A' as product_id")
        (found,) = db.rows(con, "scoring/units_around", base_days=56)
    assert found["units"] == 256 + 512
    assert found["units_7d"] == 64 + 128
    assert found["units_14d"] == 32 + 64 + 128
    assert found["units_28d"] == 16 + 32 + 64 + 128
    assert found["units_base"] == 4 + 8 + 16 + 32 + 64 + 128
    assert found["units_year_ago"] == 1


def test_score_grows_with_chance_and_dose():
    assert score(10.0, 0.5, 1.0) > score(10.0, 0.5, 0.5) > score(10.0, 0.5, 0.0) == 10.0


# ---- what is kept


def kept(state: State, **other):
    action = {
        "segment": "all",
        "products": ["a", "b"],
        "control": ["c"],
        "seed": 5,
        "first_day": date(2024, 4, 1),
        "last_day": date(2024, 4, 28),
        "expected_units": 40.0,
        "details": {"share": 0.3},
        "actor": "Ann",
    }
    return state.keep_action(FEATURED, **({"name": "Front page"} | action | other))


def test_picks_replace_each_other_and_can_be_taken_back(workspace):
    state = State(workspace)
    state.pick(["a", "b"], PIN, "Ann")
    state.pick(["b"], EXCLUDE, "Ann")
    assert [(one.product_id, one.pick) for one in state.picks()] == [("a", PIN), ("b", EXCLUDE)]
    state.pick(["a", "b"], "", "Ann")
    assert state.picks() == []


def test_an_action_is_kept_with_its_control_until_it_is_undone(workspace):
    state = State(workspace)
    action = kept(state)
    assert state.actions(FEATURED) == [action]
    assert (action.products, action.control, action.seed, action.last_day) == (["a", "b"], ["c"], 5, date(2024, 4, 28))
    state.undo_action(action.id, "Ann")
    assert state.actions() == []
    assert [entry.act for entry in state.audit()] == ["undo action", "keep action"]


@pytest.mark.parametrize("wrong", [{"name": " "}, {"last_day": date(2024, 3, 1)}, {"products": []}])
def test_an_action_without_name_products_or_time_is_refused(workspace, wrong):
    with pytest.raises(UserError):
        kept(State(workspace), **wrong)
    assert State(workspace).actions() == []
