"""The page "How right we were": verdict, figures, filters, and its empty state."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.past_updates import no_past_updates
from fixtures.serving import write_snapshot

from core.capabilities.track_record.results import better_than_chance
from core.storage.queries import Serving
from dashboard.components.track_record import verdict
from dashboard.components.track_record_charts import calibration, count_of
from tests.app.visit import cells, lists, row_ids, words

EVERY = {"segment": "all", "categories": [], "as_of": None}


@pytest.fixture(scope="module")
def serving(readonly_shop) -> Serving:
    return Serving(next(readonly_shop.snapshots.iterdir()))


@pytest.fixture(scope="module")
def last(serving) -> pd.Series:
    """The sums of the latest judged update."""
    return serving.ask("track_by_update", **EVERY).iloc[-1]


def test_the_page_opens_on_the_latest_judged_update_with_its_verdict(open_page, last):
    at = open_page("track_record")
    assert f"Of our {last.called_judged:.0f} calls of 6 Nov 2011, the products with the highest chances, {last.hits:.0f} rose" in words(at)
    shown = {m.label: (m.value, m.delta) for m in at.metric}
    assert shown["Hit rate"] == (
        f"{last.hits} of {last.called_judged}".replace(".0", ""),
        f"of a possible {last.possible:.0f} of {last.called_judged:.0f}; base rate {last.risers / last.judged:.0%}",
    )
    assert shown["Risers"] == (f"{last.risers:.0f}", f"{last.chances:.0f} were expected")


def test_all_updates_together_have_enough_calls_for_percentages(open_page, serving):
    every = serving.ask("track_by_update", **EVERY)[["hits", "called_judged", "possible", "risers", "judged"]].sum()
    at = open_page("track_record", update="every")
    shown = {m.label: (m.value, m.delta) for m in at.metric}
    assert shown["Hit rate"][0] == f"{every.hits / every.called_judged:.0%}"
    assert "4 updates were replayed: forecast afterwards" in words(at) and "**Better than chance.**" in words(at)


def test_each_call_is_listed_with_its_chance_and_what_happened(open_page, serving):
    found = serving.ask("track_calls", **EVERY | {"as_of": pd.Timestamp(2011, 11, 6)}, shown="called", limit=None, offset=0)
    at = open_page("track_record")
    assert row_ids(at) == [f"2011-11-06:{product}" for product in found.product_id]
    assert [cell["share"] for cell in cells(at, "chance")] == pytest.approx(list(found.rising_probability))
    assert {"✓ Rose"} <= {cell["text"] for cell in cells(at, "result")} <= {"✓ Rose", "✗ Did not rise", "✗ Fell", "– Out of stock"}
    assert all(row["href"].startswith("product?product=P0") for row in lists(at)[0]["rows"])


def test_what_rose_without_a_call_can_be_listed(open_page):
    at = open_page("track_record", shown="missed")
    assert {cell["text"] for cell in cells(at, "result")} == {"✓ Rose"}


def test_filters_narrow_every_figure(open_page, serving):
    at = open_page("track_record", category="Kitchen", segment="Germany")
    (kitchen,) = serving.ask("track_by_update", segment="Germany", categories=["Kitchen"]).tail(1).itertuples()
    assert {m.label: m.value for m in at.metric}["Risers"] == f"{kitchen.risers:.0f}"


def test_a_shop_without_results_is_told_when_there_will_be_some(open_page, workspace):
    write_snapshot(workspace, **no_past_updates())
    at = open_page("track_record", workspace=workspace)
    assert not at.exception and not at.metric
    assert "First results appear with data to 11 Dec 2011" in words(at)
    overview = open_page("overview", workspace=workspace)
    assert not overview.exception and not [link for link in overview.get("page_link") if "How right" in link.proto.label]


def test_a_first_snapshot_matures_after_its_own_horizon(open_page, workspace):
    write_snapshot(workspace, **no_past_updates() | {"track_updates": lambda updates: updates[:0]})
    assert "First results appear with data to 1 Jan 2012" in words(open_page("track_record", workspace=workspace))


def test_the_overview_says_in_one_line_how_the_last_update_did(open_page, last):
    (link,) = [link.proto for link in open_page("overview").get("page_link") if "How right" in link.proto.label]
    assert link.page == "track_record"
    assert link.label.startswith(
        f"How right we were: {last.hits:.0f} of {last.called_judged:.0f} calls of 6 Nov 2011 rose; by chance about "
    )


def sums(**values) -> pd.Series:
    return pd.Series({"hits": 0, "called_judged": 0, "possible": 0, "risers": 0, "judged": 0, "chances": 0.0, "updates": 1} | values)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (sums(hits=13, called_judged=50, possible=16, risers=16, judged=200), True),
        (sums(hits=5, called_judged=50, possible=16, risers=16, judged=200), False),
        (sums(hits=3, called_judged=9, possible=9, risers=16, judged=200), None),
        (sums(hits=0, called_judged=50, possible=0, risers=0, judged=200), None),
    ],
)
def test_better_than_chance_is_said_only_where_the_counts_allow_it(found, said):
    assert better_than_chance(found) is said


def test_a_list_that_was_longer_than_the_risers_says_how_many_were_possible():
    said = verdict(sums(hits=13, called_judged=50, possible=16, risers=16, judged=200), pd.Timestamp(2026, 5, 31), 28)
    assert said == (
        "**Better than chance.** Of our 50 calls of 31 May 2026, the products with the highest chances, 13 rose in the next 28 days. "
        "Random picks would have found about 4. No list of this length could have had more than 16."
    )


def test_fewer_than_ten_are_counted_and_not_made_a_percentage():
    assert (count_of(3, 9), count_of(3, 10)) == ("3 of 9", "30%")


def test_the_calibration_chart_reaches_100_percent_and_shows_the_counts():
    steps = pd.DataFrame({"step": [0, 9], "judged": [489.0, 4.0], "chances": [20.0, 3.8], "risers": [19.0, 4.0]})
    dots = calibration(steps).data[1]
    assert list(dots.text) == ["489", "4"] and list(dots.y) == [19 / 489, 1.0]
    assert "90–100% chance: 4 of 4 rose, 3.8 were expected" in dots.customdata[1]
    assert calibration(steps).layout.xaxis.range[1] >= 1
