"""Find the controls of a page by program: every call of `dashboard.address` while it runs, and the widget that was made of it."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup

from dashboard import address
from tests.app.visit import lists

REPOSITORY = Path(__file__).parents[2]
KINDS = ("one_of", "some_of", "text", "number", "span", "flag", "tab")  # of dashboard.address
Site = tuple[str, int]  # file and line of a call


@dataclass(frozen=True)
class Control:
    """A control as a page bound it to its address. kind: a function of `dashboard.address`; codes: what it may be, by its text."""

    kind: str
    key: str
    codes: dict[str, Any]
    limits: tuple
    resets: tuple[str, ...]
    site: Site

    def shown(self, at: AppTest) -> Any:
        """Return what the control shows, as a code that no language changes."""
        value = at.session_state[self.key] if self.kind == "tab" or (found := widget(at, self.key)) is None else found.value
        if self.kind == "tab":
            return next(code for code, label in self.codes.items() if label == value)
        return list(value) if isinstance(value, (list, tuple)) else value

    def others(self, at: AppTest) -> list[Any]:
        """Return other values than the one it shows: all of them where there are few."""
        now = self.shown(at)
        if self.kind in ("one_of", "tab"):
            return [code for code in (self.codes if self.kind == "tab" else self.codes.values()) if code != now]
        if self.kind == "some_of":
            return [[code] for code in self.codes.values() if [code] != now]
        if self.kind == "flag":
            return [not now]
        if self.kind == "text":
            return ["mug"]
        lowest, highest = self.limits
        if self.kind == "span":
            return [(lowest + 1, highest)]
        return [value for value in (lowest, lowest + 1, lowest + 2) if value != now and (highest is None or value <= highest)]

    def opens(self, at: AppTest) -> bool:
        """Return whether each of its choices may show other controls: tabs and segmented controls."""
        return self.kind == "tab" or (self.kind == "one_of" and isinstance(widget(at, self.key), ButtonGroup))

    def put(self, at: AppTest, value: Any) -> None:
        """Give a control another value, as a visitor does, before the next run."""
        if self.kind == "tab":
            _open_tab(at, self.key, self.codes[value])
        elif (found := widget(at, self.key)) is not None:
            found.set_value(value)
        else:
            at.query_params[self.key] = "1"  # of a button


def widget(at: AppTest, key: str) -> Any:
    """Return the widget of a key; None for tabs, which a test sees as blocks, and for what a button sets."""
    return next((node for node in at._tree if getattr(node, "key", None) == key), None)


def _open_tab(at: AppTest, key: str, label: str) -> None:
    """Have the next run open a tab, as a click does: AppTest itself has no way to."""
    name = at.session_state._state._state._key_id_mapper.get_id_from_key(key)
    of_widgets = at._tree.get_widget_states
    clicked = WidgetState(id=name, string_value=label)
    at._tree.get_widget_states = lambda: WidgetStates(widgets=[*of_widgets().widgets, clicked])


class Recorder:
    """Keep the controls of the run that is under way."""

    def __init__(self, patch) -> None:
        self.found: dict[str, Control] = {}
        for kind in KINDS:
            patch.setattr(address, kind, self._recording(kind, getattr(address, kind)))

    def _recording(self, kind: str, bind):
        def recorded(key: str, *given, **more):
            caller = sys._getframe(1)
            site = str(Path(caller.f_code.co_filename).relative_to(REPOSITORY)), caller.f_lineno
            chosen = list(given[0]) if kind in ("one_of", "some_of") else []
            codes = dict(given[0]) if kind == "tab" else {str(code): code for code in chosen}
            limits = (*given, None)[:2] if kind in ("number", "span") else ()
            self.found[key] = Control(kind, key, codes, limits, tuple(more.get("resets", ())), site)
            return bind(key, *given, **more)

        return recorded

    def run(self, run, *given, **more) -> tuple[AppTest, dict[str, Control]]:
        """Run a page; return it, and its controls by key."""
        self.found = {}
        at = run(*given, **more)
        assert not at.exception and not at.error, (at.exception, at.error)
        return at, self.found


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Have AppTest word the choices that a test makes in this language: it asks for their words outside of the session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(st.session_state, "lang", language)
        yield


def address_of(at: AppTest) -> dict[str, list[str]]:
    """Return what the address says beside the language."""
    return {key: [text] if isinstance(text, str) else list(text) for key, text in at.query_params.items() if key != "lang"}


def content(at: AppTest) -> tuple:
    """Return what a page shows, without the words of a language: its kinds of elements, and the rows of its lists."""
    return Counter(node.type for node in at._tree), [[row["id"] for row in shown["rows"]] for shown in lists(at)]


def calls() -> Iterator[Site]:
    """Yield the file and line of every call that binds a control to the address."""
    for room in ("pages", "dashboard"):
        for file in sorted((REPOSITORY / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"address.{kind}" for kind in KINDS}:
                    yield str(file.relative_to(REPOSITORY)), node.lineno
