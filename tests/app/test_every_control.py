"""Every control of every page, found by program: its address, copied into a fresh browser of the other language, shows the same.

The walk visits each tab and each choice that changes what a page shows, and sets whatever control it meets there. A control that it
cannot reach fails the last test.
"""

from __future__ import annotations

from dataclasses import asdict

import pytest
from fixtures.serving import write_models, write_snapshot
from streamlit.testing.v1 import AppTest

from core import ingest
from core.capabilities.inventory.plan import Scenario
from core.storage.state import State
from core.workspace import Workspace
from dashboard import data
from tests.app.controls import Control, Recorder, Site, address_of, calls, content, speaking, widget
from tests.app.test_import_page import STATES, wait
from tests.app.visit import PAGES, words

LANGUAGES = ("en", "zh")
FORM = "what_if_"  # the start of the keys of a form's fields, and of its button's
# Addresses that show controls which no other control of the page leads to: of a button in the list of problems.
MORE = {"inventory": [{"problem": "stock unknown", "status": ""}]}
Opened = dict[str, tuple[AppTest, dict[str, Control]]]  # language -> a page, and its controls
NONSENSE = ("<script>alert(1)</script>", "-5", "z" * 10_000, ["nobody's", "7-3", "1e999"])


@pytest.fixture(scope="module")
def full_shop(tmp_path_factory) -> Workspace:
    """A shop in which each page shows all of its controls."""
    workspace = Workspace(tmp_path_factory.mktemp("full"))
    write_snapshot(workspace, products=130, planted=True)
    write_models(workspace)
    State(workspace).save_view(data.SCENARIOS, "Christmas", asdict(Scenario(demand=1.5)), "dashboard")
    return workspace


@pytest.fixture
def prepared(full_shop, open_page, tmp_path) -> Workspace:
    """The same with two purchase orders, and with a file that waits and is read as the one before it."""
    if not State(full_shop).purchase_orders():
        for _order in range(2):
            open_page("inventory", workspace=full_shop, supplier="木艺工坊").button(key="order_create").click().run()
        (tmp_path / "march.csv").write_bytes(STATES)
        ingest.import_files(full_shop, [tmp_path / "march.csv"], answers={"--state In Klärung": "sale"})
        wait(open_page, full_shop, ("april.csv", STATES + b"63,2024-04-01,A,Mug,1,4.50,paid\n"))
    return full_shop


class Walk:
    """A walk through a page in both languages at once. sites: the calls that bound the controls which were set; places: each address
    that showed new controls, with their keys."""

    def __init__(self, page: str, recorder: Recorder, open_page, workspace: Workspace) -> None:
        self.page, self.recorder, self.sites = page, recorder, set[Site]()
        self.places: list[tuple[dict, set[str]]] = []
        self.open = lambda language, codes: open_page(page, language, workspace=workspace, **codes)

    def fresh(self, codes: dict) -> Opened:
        """Open an address in a fresh browser of each language."""
        return {language: self.recorder.run(self.open, language, codes) for language in LANGUAGES}

    def check(self, opened: Opened, values: dict[str, object]) -> Opened:
        """Set controls in either language, and open the new address in a fresh browser of the other one; return what that shows."""
        before = address_of(opened["en"][0])
        for language in LANGUAGES:
            with speaking(language):
                opened[language] = self.set(*opened[language], values)
        written = {language: address_of(at) for language, (at, _controls) in opened.items()}
        assert written["en"] == written["zh"] != before, "an address is the same in both languages, and a change is in it"
        copied = self.fresh(written["en"])
        for language, other in zip(LANGUAGES, reversed(LANGUAGES)):
            (mine, own), (at, controls) = opened[language], copied[other]
            assert {key: controls[key].shown(at) for key in own} == {key: control.shown(mine) for key, control in own.items()}
            assert content(at) == content(mine)
            assert address_of(at) == written[language], "an address that the page wrote itself needs no correction"
        return copied

    def set(self, at: AppTest, controls: dict[str, Control], values: dict[str, object]) -> tuple[AppTest, dict[str, Control]]:
        """Set controls; return the page and its controls then."""
        for key, value in values.items():
            controls[key].put(at, value)
            self.sites.add(controls[key].site)
        if any(key.startswith(FORM) for key in values):
            at.button(key=f"{FORM}compare").click()
        at, controls = self.recorder.run(at.run)
        assert {key: controls[key].shown(at) for key in values} == {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        return at, controls

    def everything(self) -> None:
        """Set every control to another value, those that show other controls to each of theirs."""
        places, done = [self.fresh(codes) for codes in ({}, *MORE.get(self.page, ()))], set[str]()
        for place in places:
            at, controls = place["en"]
            codes = address_of(at)
            values = {key: others for key, control in controls.items() if key not in done and (others := control.others(at))}
            done |= values.keys()
            self.places += [(codes, set(values))] if values else []
            ways = {key for key in values if controls[key].opens(at)}
            reset = {key for control in controls.values() for key in control.resets}  # lost with others' changes, so set alone
            alone = {key for key in values.keys() - ways if key in reset or widget(at, key) is None}
            together = {key: others[-1] for key, others in values.items() if key not in ways | alone}
            for batch in filter(None, (together, *({key: values[key][-1]} for key in sorted(alone)))):
                self.check(self.fresh(codes), batch)
            for key in sorted(ways):
                opened = self.fresh(codes)
                places += [self.check(opened, {key: value}) for value in values[key]]


walked: dict[str, Walk] = {}


@pytest.fixture
def recorder(monkeypatch) -> Recorder:
    return Recorder(monkeypatch)


@pytest.fixture
def walk(recorder, open_page, prepared):
    """walk(page) -> the walk through a page, once for all tests."""

    def walk_(page: str) -> Walk:
        if page not in walked:
            walking = Walk(page, recorder, open_page, prepared)
            walking.everything()
            walked[page] = walking
        return walked[page]

    return walk_


@pytest.mark.parametrize("page", PAGES)
def test_every_control_shows_the_same_in_a_fresh_browser_of_the_other_language(page, walk):
    walk(page)


def test_no_control_was_left_out(walk):
    assert set(calls()) == set().union(*(walk(page).sites for page in PAGES))


@pytest.mark.parametrize("page", PAGES)
def test_nonsense_in_an_address_means_the_default_and_is_taken_out(page, walk, recorder, open_page, prepared):
    for codes, keys in walk(page).places:
        usual, controls = recorder.run(open_page, page, workspace=prepared, **codes)
        nonsense_of = {key for key in keys if controls[key].kind != "text"}
        for nonsense in NONSENSE:
            asked = codes | dict.fromkeys(nonsense_of, nonsense)
            at, found = recorder.run(open_page, page, workspace=prepared, **asked)
            default = {key: None if key in codes else controls[key].shown(usual) for key in nonsense_of}
            assert {key: found[key].shown(at) for key in nonsense_of} == default
            assert address_of(at) == {key: code for key, code in codes.items() if key not in nonsense_of}
            assert page == "product" or NONSENSE[0] not in words(at)


def test_a_text_is_taken_from_an_address_as_it_is_and_cut(open_page):
    at = open_page("rising", q="<b>" + "z" * 10_000)
    assert not at.exception and at.text_input(key="q").value == "<b>" + "z" * 197 and address_of(at) == {"q": ["<b>" + "z" * 197]}


def test_a_product_that_is_not_there_is_named_in_short_and_as_text(open_page):
    at = open_page("product", product="<script>" + "z" * 10_000)
    (said,) = (caption.value for caption in at.caption if "There is no product" in caption.value)
    assert len(said) < 200 and "<script>" not in said
