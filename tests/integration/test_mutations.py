"""Thousands of damaged files: no import raises an exception but ours, and every row is accounted for."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from fixtures.mutations import holds, mutated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
FILES = int(os.environ.get("MUTATIONS", 2000))
PARTS = 8  # of the files, for several processes


def originals(cases: Path | None) -> list[Path]:
    """Return the files to damage: the exports among the fixtures, the sample's, and the cases where they are."""
    folders = [ROOT / "tests" / "fixtures" / "exports", ROOT / "sample_data", *([cases] if cases else [])]
    return sorted(f for folder in folders for f in folder.glob("*.*") if f.stat().st_size < 50_000 and f.suffix not in (".py", ".md"))


@pytest.mark.whole
@pytest.mark.parametrize("part", range(PARTS))
def test_two_thousand_damaged_files_are_stored_asked_about_or_refused(tmp_path, part):
    folder = ROOT.parent / "shared" / "cases" / "import"
    files, chance, found = originals(folder if folder.exists() else None), random.Random(part), Counter()
    for _ in range(FILES // PARTS):
        file, seed = chance.choice(files), chance.randrange(1 << 30)
        place = tmp_path / "one"
        place.mkdir()
        try:
            found[holds(place, file.name, mutated(file.read_bytes(), random.Random(seed)))] += 1
        except BaseException as error:
            raise AssertionError(f"{file.name} with seed {seed}: {type(error).__name__}: {error}") from error
        shutil.rmtree(place)
    print(dict(found))
    assert found["stored"] and found["asked"] and found["refused"]


TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
TABLE = st.lists(st.lists(TEXT, min_size=3, max_size=6), min_size=1, max_size=8)


@pytest.mark.whole
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    TABLE,
    st.sampled_from(["date,sku,qty,price", "Datum;Artikel;Menge;Preis", "日期\t商品编码\t数量\t单价"]),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_tables_of_any_text_are_stored_asked_about_or_refused(tmp_path_factory, rows, header, encoding):
    sign = next(s for s in ",;\t" if s in header)
    text = "\n".join([header, *(sign.join(row) for row in rows)])
    holds(tmp_path_factory.mktemp("table"), "orders.csv", text.encode(encoding))
