"""Every control of every page is in the address as a code: the same address shows the same in the other language."""

from __future__ import annotations

import pytest

from dashboard import address

# page, kind of control, key, code in the address, value of the control
CONTROLS = [
    ("rising", "text_input", "q", "mug", "mug"),
    ("rising", "selectbox", "segment", "Germany", "Germany"),
    ("rising", "multiselect", "category", "Kitchen", ["Kitchen"]),
    ("rising", "multiselect", "supplier", "木艺工坊", ["木艺工坊"]),
    ("rising", "selectbox", "sort", "movement", "movement"),
    ("rising", "selectbox", "confidence", "high", "high"),
    ("rising", "segmented_control", "by", "brand", "brand"),
    ("rising", "slider", "stock", "2-8", (2, 8)),
    ("product", "selectbox", "product", "P0007", "P0007"),
    ("product", "selectbox", "segment", "Germany", "Germany"),
    ("compare", "multiselect", "products", "P0007", ["P0007"]),
    ("compare", "segmented_control", "by", "years", "years"),
    ("compare", "toggle", "index", "1", True),
    ("why", "selectbox", "segment", "Germany", "Germany"),
    ("why", "selectbox", "driver", "price", "price"),
    ("segments", "selectbox", "category", "Kitchen", "Kitchen"),
    ("inventory", "selectbox", "status", "enough", "enough"),
    ("inventory", "selectbox", "status", "", None),
    ("inventory", "selectbox", "risk", "short", "short"),
    ("inventory", "segmented_control", "abc", "B", ["B"]),
    ("inventory", "text_input", "q", "mug", "mug"),
    ("inventory", "number_input", "budget", "250", 250.0),
    ("inventory", "toggle", "print", "1", True),
]


def control(at, kind: str, key: str):
    return getattr(at, kind)(key=key)


@pytest.mark.parametrize(("page", "kind", "key", "code", "value"), CONTROLS)
def test_an_address_shows_the_same_choice_in_both_languages(open_page, page, kind, key, code, value):
    for language in ("en", "zh"):
        at = open_page(page, language, **{key: code})
        assert not at.exception and control(at, kind, key).value == value
        assert at.query_params[key] in (code, [code])


@pytest.mark.parametrize(("page", "kind", "key", "code", "value"), [c for c in CONTROLS if c[4] is not None])
def test_a_choice_is_written_to_the_address_as_its_code_and_its_default_is_left_out(open_page, page, kind, key, code, value):
    at = open_page(page)
    default = control(at, kind, key).value
    control(at, kind, key).set_value(value)
    at.run()
    assert not at.exception and at.query_params[key] in (code, [code])
    control(at, kind, key).set_value(default)
    at.run()
    assert not at.exception and key not in at.query_params


@pytest.mark.parametrize(("page", "kind", "key", "code", "value"), CONTROLS)
def test_a_code_that_no_choice_has_means_the_default(open_page, page, kind, key, code, value):
    if kind in ("text_input", "toggle"):
        pytest.skip("takes any text")
    default = control(open_page(page), kind, key).value
    at = open_page(page, **{key: "nobody's"})
    assert not at.exception and control(at, kind, key).value == default


def test_the_address_wins_over_the_session(open_page):
    at = open_page("why", driver="price")
    at.query_params["driver"] = "season"
    at.run()
    assert at.selectbox(key="driver").value == "season"
    del at.query_params["driver"]
    first = at.run().selectbox(key="driver").options[0]
    assert at.selectbox(key="driver").value != "season" and first


def test_every_model_and_every_part_of_the_history_has_an_address(open_page, shop):
    at = open_page("model", "zh", workspace=shop)
    chosen = at.selectbox(key="model").options[-1].split(" ")[0]
    at = open_page("model", "en", workspace=shop, model=chosen)
    assert not at.exception and at.selectbox(key="model").value == chosen


def test_the_link_back_to_the_list_keeps_its_filters(open_page):
    at = open_page("rising", q="mug")
    assert at.session_state[address._LAST]["rising"] == {"q": ["mug"]}
