"""A model card says what the model's files say, all of it and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from fixtures.tiny import tiny_encoder, tiny_panel

from core.cli import main
from core.messages import show_value
from core.models import registry
from core.models.candidate import train
from core.models.card import card
from core.models.predict import FittedModel

MADE_FROM = {"imports": "i", "settings": "s", "encoder": "e", "features": "f"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A workspace with one small trained model."""
    from core.workspace import Workspace

    workspace = Workspace(tmp_path_factory.mktemp("shop"))
    encoder = str(tiny_encoder(tmp_path_factory.mktemp("encoder")))
    panel = tiny_panel(workspace.panel, products=20)
    described = json.loads((panel / "panel.json").read_text())
    described["fingerprint"] = MADE_FROM
    described["tables"] = {"products": 20, "orders": 4321, "reviews": 7, "stock": 0}
    (panel / "panel.json").write_text(json.dumps(described))
    settings = workspace.settings().with_values("model", encoder=encoder, max_epochs=2, device="cpu", since="2010-02-01")
    workspace.save_settings(settings.with_values("shop", name="Corner | `shop` <b>"))
    train(workspace, workspace.settings())
    return workspace


@pytest.fixture(scope="module")
def model(shop) -> registry.Model:
    (found,) = registry.models(shop)
    return found


def test_a_model_records_what_its_panel_was_made_from(model):
    assert model.metrics["made_from"] == MADE_FROM


@pytest.fixture(scope="module")
def text(model) -> str:
    return model.card()


def row(text: str, first: str) -> list[str]:
    """The other cells of a table's row."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_it_names_the_data_and_the_splits(model, text):
    learn, checked = model.metrics["origins"]["learn"], model.metrics["origins"]["validate"]
    assert text.startswith(f"# Model card: `{model.id}`\n")
    assert row(text, "Imported tables") == ["`products` (20), `orders` (4,321), `reviews` (7)"]
    assert "`stock`" in row(text, "Missing tables")[0] and "`orders`" not in row(text, "Missing tables")[0]
    rows = model.metrics["rows"]
    day = lambda iso: show_value(date.fromisoformat(iso), "en")
    for label, span, count in (("Training origins", learn, rows["learn"]), ("Validation origins", checked, rows["validate"])):
        assert row(text, label) == [f"{span['count']} origins, {day(span['first'])} to {day(span['last'])}; {count:,} rows"]
    assert row(text, "Embargo in days") == ["28"] and row(text, "Refit on all origins") == ["yes"]
    assert row(text, "Segments") == ["`country` (1)"]


def test_a_driver_that_training_had_nothing_for_is_named_as_absent_and_as_a_limit(text):
    assert row(text, "Drivers without data") == ["`attention`"]
    assert "`attention`" not in row(text, "Drivers in use")[0]
    assert "There was no data for `attention`" in text


def test_its_figures_are_those_of_the_model_with_their_intervals_and_the_base_rate(model, text):
    for name, said in (("average_precision", "average precision"), ("brier_skill", "Brier skill"), ("ece", "expected calibration error")):
        low, high = model.metrics["intervals"][name]
        assert row(text, said) == [f"{model.metrics['metrics'][name]:.3f}", f"{low:.3f} – {high:.3f}"]
    assert row(text, "share of rows that rose")[0] == f"{model.metrics['metrics']['base_rate']:.3f}"
    sliced = text[text.index("All segments together") :]
    assert row(sliced, "average precision") == [f"{model.metrics['metrics']['segments_average_precision']:.3f}"]


def test_its_calibration_table_holds_every_bin(model, text):
    table = text[text.index("## Calibration") : text.index("## Limits")]
    assert len(re.findall(r"^\| \d", table, re.MULTILINE)) == len(model.metrics["calibration"]) > 1


def test_its_settings_put_back_into_a_workspace_are_those_it_was_trained_with(shop, text, tmp_path):
    from core.workspace import Workspace

    again = Workspace(tmp_path / "again").create()
    again.settings_file.write_text(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")
    assert again.settings().model == shop.settings().model


def test_every_table_has_as_many_cells_in_each_row_whatever_the_shop_is_called(text):
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block
    assert row(text, "Shop") == ["`Corner / 'shop' <b>`"]


def test_a_folder_from_before_there_were_cards_gets_one_that_guesses_nothing(tmp_path):
    folder = tmp_path / "m20110101-old"
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"metrics": {"average_precision": 0.47, "ece": None}, "calibration": []}))
    text = card(folder)
    assert row(text, "average precision") == ["0.470", ""]
    assert not re.search(r"None\b(?!:)|nan|\{\w*\}", text) and "Training origins" not in text and "calibration error" not in text


def test_a_model_without_checked_weeks_says_so_instead_of_figures(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps({"metrics": {}, "calibration": [], "origins": {"learn": None, "validate": None}}))
    text = card(tmp_path)
    assert "the history is too short" in text and "| value" not in text


def test_the_copy_in_the_folder_is_the_card_and_a_note_in_it_breaks_nothing(shop, model, text):
    copy: Path = model.path / "card.md"
    assert copy.read_text(encoding="utf-8") == text
    copy.write_text(text + "\nChecked by Ana.\n", encoding="utf-8")
    FittedModel.load(model.path)
    assert registry.problems(shop, model.path) == [] and model.card() == text


def test_the_command_line_prints_the_card_of_a_model_and_refuses_another_id(shop, model, text, capsys):
    assert main(["models", "--workspace", str(shop.root), "--card", model.id]) == 0
    assert capsys.readouterr().out == text + "\n"
    assert main(["models", "--workspace", str(shop.root), "--card", "nobody"]) == 2
    assert "List the models with `upswing models`" in capsys.readouterr().err


def test_a_chinese_card_holds_the_same_figures_in_chinese(model, text):
    chinese = model.card("zh")
    assert chinese.startswith(f"# 模型卡: `{model.id}`\n")
    assert f"{model.metrics['metrics']['average_precision']:.3f}" in chinese
    assert len(chinese.splitlines()) == len(text.splitlines())
