"""The pages have words for what core says."""

from datetime import datetime

import pytest

from core.ingest.checks import checks
from core.ingest.mapping import Options, TablePlan, presets
from core.ingest.rules import RULES, targets
from dashboard import words


@pytest.mark.parametrize("table", [*RULES])
def test_every_reason_for_which_a_row_is_set_aside_has_words(table):
    plan = TablePlan(table, dict.fromkeys(targets(table)))
    options = Options(non_products=("postage",), free_is_no_sale=True)
    reasons = {check.reason for check in checks(plan, options, lambda value: "$value", datetime(2026, 1, 1))}
    assert "a broken row" in reasons and reasons <= set(words.REJECTED)


def test_every_preset_has_a_name():
    assert sorted(words.LAYOUTS) == sorted(presets()) and "generic" not in words.LAYOUTS.values()
