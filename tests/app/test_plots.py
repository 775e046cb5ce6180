"""Every chart is drawn by one function, and can be downloaded as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"segments": {}, "why": {}, "track_record": {}, "model": {}, "product": {"product": "P0001"}}


def test_charts_are_drawn_in_one_place():
    drawing = [
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("dashboard/**/*.py"), *ROOT.glob("pages/*.py")]
        if "plotly_chart(" in path.read_text(encoding="utf-8")
    ]
    assert drawing == ["dashboard/components/plots.py"]


@pytest.mark.parametrize(("language", "said"), [("en", "Download as picture"), ("zh", "下载图片")])
@pytest.mark.parametrize("page", PAGES)
def test_a_chart_is_downloaded_sharp_and_under_a_name_that_says_what_it_is(open_page, page, language, said):
    at = open_page(page, language, **PAGES[page])
    found = [json.loads(element.proto.config) for element in at.get("plotly_chart")]
    assert found and all(config["modeBarButtons"] == [["toImage"]] for config in found)
    names = [config["toImageButtonOptions"]["filename"] for config in found]
    assert all(name.startswith("upswing-") and name.endswith("-2011-12-04") for name in names) and len({*names}) == len(names)
    assert {config["toImageButtonOptions"]["scale"] for config in found} == {2}
    assert {*found[0]["locales"][language]["dictionary"].values()} == {said}
