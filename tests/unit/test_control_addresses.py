"""Every control is bound to the address, or named here as part of an action with the reason why a link must not carry it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CONTROLS = set(
    "selectbox multiselect radio segmented_control pills tabs slider select_slider number_input text_input text_area date_input time_input "
    "datetime_input checkbox toggle file_uploader data_editor feedback color_picker chat_input camera_input audio_input pagination "
    "menu_button _mount".split()  # the last one: a component of ours
)
ANSWER = "an answer before an import: the check of the files keeps it once it is sent"
EDIT = "a draft of a change: the plan has it once it is saved"
ORDER = "what a purchase order will say: the order keeps it"
WHO = "who writes: a link would give somebody else's name"
REASON = "why a decision is made: the change log keeps it"
SETTING = "a draft of a setting: upswing.toml has it once it is saved"
# file -> the start of a key, or what stands for it in the code -> why its state is in no address
ACTIONS: dict[str, dict[str, str]] = {
    "dashboard/app.py": {"lang": "the language itself: Streamlit binds it, and its names are the same in both languages"},
    "dashboard/components/action_results.py": {"action_": "what to record: the action has it once it is recorded"},
    "dashboard/components/alerts.py": {"alert_": "a draft of an alert: the shop has it once it is saved"},
    "dashboard/components/answers.py": dict.fromkeys(
        ("holds_", "key", "shop_name_", "shop_currency_", "shop_segments_", "keep_", "column_", "widget", "state_"), ANSWER
    ),
    "dashboard/components/import_history.py": {
        "undo_import": "the import to take back: the check of it remembers which",
        "apart_": "pairs to take apart: a button stores them",
        "number_": "a decision about a number: a button stores it",
    },
    "dashboard/components/importing.py": {"files": "files of one computer", "preset": "how to read these files: sent with them"},
    "dashboard/components/feature.py": {"feature_": "how to keep a list as an action: the action has it once it is kept"},
    "dashboard/components/inventory/bulk.py": {"change_": EDIT},
    "dashboard/components/inventory/listing.py": {"key": EDIT},
    "dashboard/components/inventory/panel.py": {"change_": EDIT, "key": REASON, "planner": WHO},
    "dashboard/components/inventory/purchase_orders.py": {"order_": ORDER},
    "dashboard/components/inventory/whatif.py": {"what_if_name": "the name to save a scenario under: the saved one is in the address"},
    "dashboard/components/marks.py": {"author": WHO, "note_text_": "a draft of a note: the product has it once it is saved"},
    "dashboard/components/models.py": {
        "tuning": "how to retrain: sent with the job",
        "since": "how to retrain: sent with the job",
        "reason_": REASON,
        "snapshot_choice": "the forecasts to go back to: a button serves them to everybody",
    },
    "dashboard/components/pictures.py": {"pictures_files": "files of one computer"},
    "dashboard/components/rows/__init__.py": {"key": "ticked rows: the comparison that they open has an address, an export needs none"},
    "dashboard/components/saved_views.py": {"view_": "how to save a view: saved with it"},
    "dashboard/components/search/__init__.py": {"KEY": "what is searched: it ends where a hit opens, and that has an address"},
    "dashboard/components/settings.py": {"key": SETTING, "shared": SETTING, "reset": "the setting to reset: a button does it"},
}


def without_address(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the file and the key of each control that is not bound to the address."""
    for file in sorted(path for room in ("pages", "dashboard") for path in (root / room).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in CONTROLS:
                spread = [ast.unparse(given.value) for given in call.keywords if given.arg is None]
                if not any("address." in given or given == "bound" for given in spread) and ast.unparse(call.func) != "cards.open_tab":
                    key = next((given.value for given in call.keywords if given.arg == "key"), None)
                    yield file.relative_to(root).as_posix(), spread[-1] if key is None and spread else _start(key)


def _start(key: ast.expr | None) -> str:
    """Return how a key starts, or the name of what it is."""
    texts = [] if key is None else [node.value for node in ast.walk(key) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    names = [] if key is None else [node.id for node in ast.walk(key) if isinstance(node, ast.Name) and node.id != "spoken"]
    return (texts or names or ["no key"])[0]


def exemption(file: str, key: str) -> str | None:
    return next((start for start in ACTIONS.get(file, ()) if key.startswith(start)), None)


def test_every_control_is_in_the_address_or_part_of_an_action_that_is_named():
    found = list(without_address(REPOSITORY))
    assert [(file, key) for file, key in found if exemption(file, key) is None] == []
    assert {(file, exemption(file, key)) for file, key in found} == {(file, start) for file, keys in ACTIONS.items() for start in keys}


@pytest.mark.parametrize("control", ['st.toggle("Index")', 'st.selectbox("Way", [], key="way")', 'left.tabs(["One", "Two"])'])
def test_a_control_without_an_address_is_caught(tmp_path, control):
    for room in ("pages", "dashboard"):
        (tmp_path / room).mkdir()
    (tmp_path / "pages" / "why.py").write_text(f"import streamlit as st\n{control}\n", encoding="utf-8")
    ((file, key),) = without_address(tmp_path)
    assert exemption(file, key) is None
