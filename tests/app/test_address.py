"""What an address does beside showing each control (test_every_control.py): defaults, links back, saved views."""

from __future__ import annotations

import pytest
from fixtures.serving import write_snapshot

from core.storage.state import State
from dashboard import address
from tests.app.controls import address_of, speaking
from tests.app.visit import row_ids

# page, kind of control, key, code in the address, value of the control: one for each function of dashboard.address
CONTROLS = [
    ("rising", "text_input", "q", "mug", "mug"),
    ("rising", "multiselect", "category", "Kitchen", ["Kitchen"]),
    ("rising", "selectbox", "sort", "movement", "movement"),
    ("rising", "segmented_control", "by", "brand", "brand"),
    ("rising", "slider", "stock", "2-8", (2, 8)),
    ("inventory", "selectbox", "status", "", None),
    ("inventory", "segmented_control", "abc", "B", ["B"]),
    ("inventory", "number_input", "budget", "250", 250.0),
    ("inventory", "toggle", "print", "1", True),
]


@pytest.mark.parametrize(("page", "kind", "key", "code", "value"), CONTROLS)
def test_a_default_is_left_out_of_the_address(open_page, page, kind, key, code, value):
    default = getattr(open_page(page), kind)(key=key).value
    at = open_page(page, **{key: code})
    assert getattr(at, kind)(key=key).value == value and address_of(at) == {key: [code]}
    getattr(at, kind)(key=key).set_value(default)
    at.run()
    assert not at.exception and address_of(at) == {}


def test_a_text_keeps_the_space_after_which_a_word_follows(open_page):
    at = open_page("rising")
    at.text_input(key="q").set_value("red ").run()
    assert at.text_input(key="q").value == "red " and address_of(at) == {"q": ["red "]}


def test_the_address_wins_over_the_session(open_page):
    at = open_page("why", driver="price")
    at.query_params["driver"] = "season"
    at.run()
    assert at.selectbox(key="driver").value == "season"
    del at.query_params["driver"]
    first = at.run().selectbox(key="driver").options[0]
    assert at.selectbox(key="driver").value != "season" and first


def test_the_link_back_to_the_list_keeps_its_filters(open_page):
    at = open_page("rising", q="mug", list="falling")
    assert at.session_state[address._LAST]["rising"] == {"q": ["mug"], "list": ["falling"]}


@pytest.mark.parametrize(("saver", "reader"), [("en", "zh"), ("zh", "en")])
def test_a_saved_view_is_the_same_address_and_the_same_rows_in_the_other_language(open_page, workspace, saver, reader):
    write_snapshot(workspace)
    asked = {"list": "falling", "q": "mug", "sort": "units", "supplier": "木艺工坊", "stock": "0-20", "confidence": "medium"}
    at = open_page("rising", saver, workspace=workspace, **asked)
    at.text_input(key="view_name").set_value("Mugs 马克杯")
    with speaking(saver):
        next(button for button in at.button if button.form_id == "save_view").click().run()
    assert [view.name for view in State(workspace).views("rising", "dashboard")] == ["Mugs 马克杯"]
    other = open_page("rising", reader, workspace=workspace, segment="Germany")
    with speaking(reader):
        next(button for button in other.button if (button.key or "").startswith("view_")).click().run()
    assert not other.exception and address_of(other) == address_of(at) == {key: [code] for key, code in asked.items()}
    assert row_ids(other) == row_ids(at) != []
