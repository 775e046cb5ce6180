"""The panel as training and scoring read it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fixtures.tiny import FEATURES, tiny_panel

from core.errors import NotReady, UserError
from core.models.panel import Panel


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    return Panel.open(tiny_panel(tmp_path_factory.mktemp("panel")), tmp_path_factory.mktemp("cache"))


def test_the_memory_mapped_panel_holds_what_the_file_says(panel, tmp_path):
    import pyarrow.parquet as parquet

    folder = tiny_panel(tmp_path)
    table = parquet.read_table(folder / "panel.parquet").to_pydict()
    assert len(panel) == len(table["as_of"]) and isinstance(panel.x, np.memmap)
    for i, (name, _) in enumerate(FEATURES):
        expected = np.array([np.nan if v is None else v for v in table[name]], dtype=np.float32)
        np.testing.assert_array_equal(panel.x[:, i], expected)
    assert [panel.products[i] for i in panel.product] == table["product_id"]
    assert [panel.segments[i] for i in panel.segment] == table["segment"]
    assert panel.as_of.tolist() == table["as_of"]
    assert [None if np.isnan(v) else bool(v) for v in panel.rising] == table["rising"]
    assert [None if np.isnan(v) else v for v in panel.units[:, 4]] == table["units_w13"]
    np.testing.assert_allclose(panel.base[:, 2], table["base_w4"])


def test_the_copy_is_made_once_and_again_when_the_panel_changes(tmp_path):
    folder = tiny_panel(tmp_path / "panel", products=5)
    calls = []
    progress = lambda step, *rest, **figures: calls.append(step)
    Panel.open(folder, tmp_path / "cache", progress)
    first = len(calls)
    Panel.open(folder, tmp_path / "cache", progress)
    assert first and len(calls) == first
    tiny_panel(folder, products=6)
    assert len(Panel.open(folder, tmp_path / "cache", progress).products) == 6
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_without_a_panel_the_step_to_run_is_named(tmp_path):
    with pytest.raises(NotReady, match="upswing features"):
        Panel.open(tmp_path, tmp_path)


def test_a_panel_of_an_earlier_version_is_refused_with_the_step_to_run(tmp_path):
    folder = tiny_panel(tmp_path / "panel", products=5)
    told = json.loads((folder / "panel.json").read_text())
    del told["first_day"]
    (folder / "panel.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match="earlier version.*upswing features"):
        Panel.open(folder, tmp_path / "cache")


def test_what_was_there_when_the_data_begin_is_old_however_short_they_are(panel):
    rows, days, as_of = np.arange(3), np.array(panel.days_on_sale), np.array(panel.as_of)
    days[rows], as_of[rows] = (20, 29, 120), np.datetime64("2024-06-30")  # first sold on 10 June, 1 June and 2 March
    dated = replace(panel, days_on_sale=days, as_of=as_of, meta=panel.meta | {"first_day": "2024-03-01"})  # whose quarter ends on 30 May
    assert dated.age(rows).tolist() == [20, 29, 120 + 364]
