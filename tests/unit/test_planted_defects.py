"""The records of planted defects fit the code. Planting them takes minutes: `python tests/reference/plant.py`."""

from __future__ import annotations

import doctest
from dataclasses import replace

from tests.reference import plant


def test_every_planted_defect_changes_exactly_one_place_of_the_code_and_names_tests_that_exist():
    defects = plant.read()
    assert len(defects) >= 36
    assert plant.problems(defects) == []


def test_a_record_that_no_longer_fits_the_code_is_reported():
    first, *_ = plant.read()
    assert plant.problems([first, first]) == [f"{first.id}: the id is used twice"]
    bad = replace(first, find="no such line", replace="no such line", suspects=("tests/unit/test_gone.py -k gone",))
    assert plant.problems([bad]) == [
        f"{first.id}: `replace` equals `find`",
        f"{first.id}: `find` occurs 0 times in {first.file}",
        f"{first.id}: there is no suspect tests/unit/test_gone.py",
    ]
    assert plant.problems([replace(first, file="core/gone.py")]) == [f"{first.id}: there is no file core/gone.py"]


def test_a_copy_with_a_planted_defect_differs_from_the_repository_in_that_file_alone():
    first, *_ = plant.read()
    with plant.copied(plant.REPOSITORY) as place:
        first.plant(place)
        files = [path.relative_to(place) for folder in ("core", "dashboard", "pages", "tests") for path in (place / folder).rglob("*.py")]
        changed = [path.as_posix() for path in files if (place / path).read_bytes() != (plant.REPOSITORY / path).read_bytes()]
        assert changed == [first.file]
    assert not place.exists()


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(plant)
    assert result.attempted and not result.failed
