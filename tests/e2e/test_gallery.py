"""Every page, as scripts/gallery.py sees it: nothing broken, cut, too wide or hard to read, and each page looks as on the contact sheet."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard import registry

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
import gallery

MOST_DIFFERENT = 6.0  # mean difference of a page from its picture on the sheet, of 255: fonts differ from machine to machine


TEXTS = """<div data-testid="stMain">
<div style="width: 60px; overflow: hidden"><div><p style="width: 300px">cut by the side of an ancestor</p></div></div>
<div style="height: 30px; overflow: clip"><div><p style="width: 80px">cut by the foot of an ancestor</p></div></div>
<p style="width: 50px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">cut by its own ellipsis</p>
<p style="width: 60px; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2">cut after two lines</p>
<svg width="60" height="20"><text y="15">cut by the edge of its picture</text></svg>
<section style="width: 60px; overflow: hidden"></section>
<p>whole</p>
<p title="whole"><b style="display: block; width: 30px; overflow: hidden; white-space: nowrap">repeated in a title</b></p>
<div style="height: 30px; overflow: auto"><p style="width: 80px">reached by scrolling down a box</p></div>
<span style="position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap">for ears</span>
<div style="position: relative"><div style="height: 5px; overflow: hidden"><b style="position: absolute">not within that box</b></div></div>
</div>"""


def test_cut_text_is_seen_whatever_cuts_it_and_nothing_else_is(browser):
    page = browser.new_page()
    page.set_content(TEXTS)
    inside = "root => root.attachShadow({mode: 'open'}).innerHTML = '<p style=\"width: 200px\">cut in a component of our own</p>'"
    page.locator("section").evaluate(inside)
    assert sorted(page.evaluate(gallery.CUT)) == [
        "cut after two lines",
        "cut by its own ellipsis",
        "cut by the edge of its picture",
        "cut by the foot of an ancestor",
        "cut by the side of an ancestor",
        "cut in a component of our own",
    ]
    page.close()


def test_a_restart_takes_only_the_pictures_it_lacks(tmp_path, capsys):
    page, cut = (gallery.View("full", name, "en", "light", 1440) for name in ("rising", "data"))
    broken, late = gallery.Finding(page.file, "cut", "a word"), gallery.Finding(cut.file, "timeout", "30 s")
    for view in (page, cut):
        (tmp_path / view.file).touch()
        gallery.keep(tmp_path, "today's", view, [broken if view is page else late])
    assert gallery.taken(tmp_path, "today's") == {page.file: [broken]}, "a page that did not settle is tried again"
    assert gallery.taken(tmp_path, "tomorrow's") == {}
    assert f"{page.file}: cut: a word" in capsys.readouterr().out
    (tmp_path / page.file).unlink()
    assert gallery.taken(tmp_path, "today's") == {}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> tuple[Path, list[gallery.Finding]]:
    """Each page of the full shop as the contact sheet shows it, and the farthest from it: Chinese, dark, on a phone, sparse."""
    out = tmp_path_factory.mktemp("gallery")
    views = [gallery.View("full", name, "en", "light", 1440) for name in registry.pages()]
    views += [gallery.View("sparse", name, "zh", "dark", 390) for name in registry.pages()]
    return out, gallery.run(out, views)


@pytest.mark.whole
def test_no_page_is_broken_cut_too_wide_or_inaccessible(pictures):
    _out, findings = pictures
    assert findings == []


@pytest.mark.whole
def test_each_page_looks_as_on_the_contact_sheet(pictures, tmp_path):
    out, _findings = pictures
    gallery.sheet(out, tmp_path / "sheet.webp")
    now, before = (np.asarray(Image.open(file).convert("L"), dtype=float) for file in (tmp_path / "sheet.webp", gallery.SHEET))
    assert now.shape == before.shape, "the pages are other ones: run `make gallery` and look at docs/gallery.webp"
    different = {name: np.abs(gallery.tile(now, place) - gallery.tile(before, place)).mean() for place, name in enumerate(registry.pages())}
    assert {name: round(by, 1) for name, by in different.items() if by > MOST_DIFFERENT} == {}, "run `make gallery` and look"
