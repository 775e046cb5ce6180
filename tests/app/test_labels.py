"""The pages have words for what core says."""

from datetime import datetime

import pandas as pd
import pytest

from core.ingest.convert.column_formats import ROUNDED_ID, SHARE
from core.ingest.convert.row_checks import checks
from core.ingest.readers.delimited import TOO_FEW_FIELDS, TOO_MANY_FIELDS, WRONG_BYTES
from core.ingest.readers.json_objects import NOT_AN_OBJECT
from core.ingest.recognise.mapping import ColumnRule, Options
from core.ingest.recognise.mapping_file import presets
from core.ingest.recognise.rules import RULES, targets
from core.ingest.recognise.table_plan import ColumnSource, TablePlan
from dashboard import i18n, labels
from dashboard.components import models
from dashboard.components.inventory import labels as planning


@pytest.mark.parametrize("table", [*RULES])
def test_every_reason_for_which_a_row_is_set_aside_is_shown_in_chinese(table, monkeypatch):
    plan = TablePlan(table, dict.fromkeys(targets(table), ColumnSource(ColumnRule(), ())))
    options = Options(non_products=("postage",), free_is_no_sale=True)
    reasons = {check.reason.template for check in checks(plan, options, lambda value: "$value", datetime(2026, 1, 1))}
    reasons |= {TOO_FEW_FIELDS, TOO_MANY_FIELDS, WRONG_BYTES, NOT_AN_OBJECT, ROUNDED_ID, SHARE}
    assert "The row cannot be read." in reasons and {labels.rejected(reason) for reason in reasons} == reasons
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    assert [reason for reason in reasons if labels.rejected(reason) == reason] == []


def test_a_reason_of_an_earlier_version_is_shown_as_it_is(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    assert labels.rejected("no date") == "no date"


def test_every_preset_has_a_name():
    assert sorted(labels.LAYOUTS) == sorted(presets()) and "generic" not in labels.LAYOUTS.values()


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NaT, pd.NA])
def test_a_cell_that_holds_nothing_is_a_dash_whatever_kind_of_nothing_it_holds(nothing):
    assert i18n.absent(nothing) and i18n.number(nothing) == i18n.percent(nothing) == i18n.money(nothing, "GBP") == "–"
    assert not i18n.absent(0) and not i18n.absent("")


@pytest.mark.parametrize(
    "field, given, told",
    [
        ("order_units", 37.5, "37.5"),
        ("order_units", 1200.0, "1,200"),
        ("lead_time_days", 10.5, "10.5"),
        ("service_level", 0.975, "97.5%"),
        ("service_level", 0.995, "99.5%"),
        ("service_level", 0.95, "95%"),
        ("snooze_until", "2026-12-03", "3 Dec 2026"),
    ],
)
def test_what_a_planner_set_is_told_to_its_last_digit(field, given, told):
    assert planning.value(field, given) == told


def test_what_came_of_earlier_forecasts_is_said_where_their_weeks_have_passed():
    figures = pd.Series({"level_shift": 0.2, "level_origins": 3.0, "level_said": 0.0612, "level_rose": 0.0748})
    assert "expected 6.1% of the products to rise in 3 weekly forecasts" in models.level(figures) and "7.5% did" in models.level(figures)
    assert models.level(pd.Series({"ece": 0.01})) == ""
