"""Nothing of five thousand made-up values about persons of ten languages is anywhere in the workspace afterwards."""

from __future__ import annotations

import json

import pytest
from fixtures import persons
from fixtures.importing import stored

from core.ingest import import_files


def import_all(workspace, folder, languages, count: int):
    """Import all files of these languages; returns the persons and what the imports said."""
    everybody, said = [], []
    for language in languages:
        people = persons.persons(language, count)
        everybody += people
        third = count // 3
        files = [
            persons.customers(folder, language, people[:third]),
            persons.customers(folder, language, people[third : 2 * third], unknown=True),
            persons.orders(folder, language, people),
            persons.reviews(folder, language, people),
            persons.searches(folder, language, people),
        ]
        names = (f"customers.customer_id = {persons.IDS[language]}",) if language in persons.IDS else ()
        plan = import_files(workspace, files, columns=names, dry_run=True)
        answers = {question.key: question.proposal for question in plan.open()}
        for report in (plan, import_files(workspace, files, columns=names, answers=answers)):
            said += [str(report.text()), report.text().show("zh"), json.dumps(report.as_dict(), ensure_ascii=False)]
    report = import_files(workspace, [persons.products(folder, everybody)])
    return everybody, [*said, str(report.text())]


def check(workspace, folder, languages, count: int) -> None:
    everybody, said = import_all(workspace, folder, languages, count)
    assert len({secret for p in everybody for secret in p.secrets}) >= 7.6 * count * len(languages)
    texts = [*persons.everything(workspace), *(("a report", text) for text in said)]
    assert persons.found(everybody, iter(texts)) == []
    places = {p.place for p in everybody}
    assert {value for (value,) in stored(workspace, "select distinct value from customers")} >= {*places, "gold", "silver", "basic"}
    kept = dict(stored(workspace, "select product_id, title from products"))
    assert [kept[f"SKU-{i}"] for i in range(9)] == [
        "Cable 500 ml", "Mug, EAN 4006381333931", "Lamp 220-240 V", "Rug 120 x 180", "Pad 04465-33471", "Book 978-3-16-148410-0",
        "Mug for [mail]", "Card with [phone]", "Tray",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["de", "zh"])
def test_no_value_of_a_person_is_in_the_workspace_or_in_a_report(workspace, tmp_path, language):
    check(workspace, tmp_path, (language,), 24)


@pytest.mark.whole
def test_none_of_5000_values_of_persons_is_in_the_workspace_or_in_a_report(workspace, tmp_path):
    check(workspace, tmp_path, tuple(persons.LANGUAGES), 66)
