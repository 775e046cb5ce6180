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
