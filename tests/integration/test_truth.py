"""The comparison of reasons with planted causes counts what its docstring says."""

from __future__ import annotations

import numpy as np
import pytest

from bench.truth import EVENTS, Forecasts, Rise, calls, compare, largest_two, planted_rises, top_two
from core.errors import UserError

DRIVERS = ("text", "momentum", "price", "season")
START = np.datetime64("2026-03-02")


def rise(product="a", cause="price", starts=0, lasts=60, lead=0, segments=(), kind="kind") -> Rise:
    return Rise(product, START + starts, START + starts + lasts, START + starts - lead, kind, cause, segments)


def forecasts(*rows: tuple) -> Forecasts:
    """Rows of (days after START, product, segment, probability, rising)."""
    days, product, segment, probability, rising = zip(*rows)
    return Forecasts(
        START + np.array(days), np.array(product, object), np.array(segment, object), np.array(probability), np.array(rising, float)
    )


def test_a_rise_counts_once_at_the_first_origin_that_calls_it():
    told = forecasts((14, "a", "all", 0.9, 1), (-35, "a", "all", 0.9, 1), (-7, "a", "all", 0.1, 1), (7, "a", "all", 0.3, 1))
    (call,) = calls([rise()], told, 0.25, 28)
    assert call.row == 3  # five weeks before it begins it is not in play, one week before it is not called


def test_a_rise_that_is_under_way_is_in_play_only_while_it_rises():
    told = forecasts((7, "a", "all", 0.9, 0), (14, "a", "all", 0.9, np.nan), (70, "a", "all", 0.9, 1))
    assert calls([rise()], told, 0.25, 28) == []
    (call,) = calls([rise()], forecasts((7, "a", "all", 0.1, 1)), 0.25, 28)
    assert call.row is None  # it was there to be called, and was not


def test_a_rise_is_looked_for_in_its_own_segments_where_the_panel_knows_them():
    told = forecasts((0, "a", "all", 0.9, 1), (0, "a", "SG", 0.5, 1), (0, "a", "HK", 0.6, 1))
    assert calls([rise(segments=("HK", "SG"))], told, 0.25, 28)[0].row == 2  # the surer of two at one origin
    assert calls([rise(segments=("18-24",))], told, 0.25, 28)[0].row == 0
    assert calls([rise(cause="audience", segments=("SG",))], told, 0.25, 28)[0].row == 1
    assert calls([rise(cause="audience", segments=("SG",))], told, 0.25, 28, "fair")[0].row == 0


def test_the_fair_definition_leaves_out_what_nothing_announced_and_what_did_not_rise():
    early, flat, late = (-21, "a", "all", 0.9, 1), (-7, "a", "all", 0.9, 0), (0, "a", "all", 0.9, 1)
    told = forecasts(early, flat, late)
    assert calls([rise(lead=10)], told, 0.25, 28)[0].row == 0
    assert calls([rise(lead=10)], told, 0.25, 28, "fair")[0].row == 2


def test_of_several_rises_of_a_product_each_ones_cause_is_right_while_it_is_in_play():
    rises = [rise(), rise(cause="season", starts=20), rise(cause="text", starts=50), rise("b", cause="momentum")]
    call = calls(rises, forecasts((0, "a", "all", 0.9, 1)), 0.25, 28)[0]
    assert call.causes == {"price", "season"}


def test_only_what_pushes_up_is_a_reason_for_a_rise():
    assert top_two(np.array([0.1, -3.0, 2.0, 0.4]), DRIVERS) == ["price", "season"]
    assert top_two(np.array([-0.1, -3.0, 2.0, 0.0]), DRIVERS) == ["price"]


def test_reasons_are_as_the_page_names_them_and_the_two_largest_are_counted_beside():
    drivers, given = ("demand", *DRIVERS), np.array([5.0, 0.1, 3.0, 2.0, 0.0])
    assert top_two(given, drivers) == ["price", "momentum"] and largest_two(given, drivers) == ["demand", "momentum"]
    (call,) = calls([rise()], forecasts((0, "a", "all", 0.9, 1)), 0.25, 28)
    found = compare([call], {call.row: given}, drivers)["all"]
    assert (found["in_top_two"], found["largest"]) == (1, 0)


def test_counts_are_by_kind_and_say_what_stood_there_instead():
    rises = [rise("a", kind="cut"), rise("b", kind="cut"), rise("c", "season", kind="summer"), rise("d", kind="cut")]
    told = forecasts(*((0, product, "all", p, 1) for product, p in zip("abcd", (0.9, 0.9, 0.9, 0.1))))
    reasons = {0: np.array([0, 2.0, 1.0, 0]), 1: np.array([1.0, 2.0, 0.3, 0]), 2: np.array([0, 0, 0, 1.0])}
    found = compare(calls(rises, told, 0.25, 28), reasons, DRIVERS)
    assert found["all"] == {"rises": 4, "called": 3, "in_top_two": 2, "top": 2, "largest": 2, "instead": {"text + momentum": 1}}
    assert (found["cut"]["called"], found["cut"]["in_top_two"], found["cut"]["top"]) == (2, 1, 1)
    assert found["summer"]["top"] == 1


def test_nothing_is_demanded_of_a_rise_whose_cause_no_driver_can_know():
    rises = [
        rise("a"),
        rise("b", cause="none", kind="burst"),
        rise("c", "audience", segments=("18-24",)),
        rise("d", "audience", segments=("SG",)),
    ]
    told = forecasts(*((0, product, place, 0.9, 1) for product in "abcd" for place in ("all", "SG")))
    found = calls(rises, told, 0.25, 28)
    assert [call.knowable for call in found] == [True, False, False, True]
    counts = compare(found, {call.row: np.array([0, 0, 1.0, 0]) for call in found}, DRIVERS)
    assert (counts["all"]["rises"], counts["all"]["in_top_two"]) == (2, 1)
    assert counts["all (not to be known)"]["called"] == 2 and counts["burst (not to be known)"]["rises"] == 1


def test_the_truth_is_read_without_falls_and_false_alarms(tmp_path):
    rises = planted_rises(EVENTS)
    assert {"price_cut", "season", "segment_fad"} <= {r.kind for r in rises}
    assert not {r.kind for r in rises} & {"curiosity", "talk", "fading", "price_increase"}
    assert {r.kind for r in rises if r.cause == "none"} == {"burst", "first_season", "style_start"}
    assert ("HK", "SG") in {r.segments for r in rises if r.kind == "local_season"}
    with pytest.raises(UserError, match="There is no file"):
        planted_rises(tmp_path / "events.csv")
