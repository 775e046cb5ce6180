"""Keep the controls of a page in its address, as codes that mean the same in every language and browser.

Streamlit's own `bind="query-params"` writes the words that a control shows, and replaces the entry of the browser's history. Here a
choice is written as its code, each change is an entry of the history, and the address wins over the session: Back, a reload and a
link in another browser all show what the address says. What a control cannot show is corrected in the address.

Each function takes the key of a control, which is also its name in the address, and returns `key` and `on_change` to pass on. A
change of the control returns those that it `resets`, such as the number of a page, to their defaults.

    st.selectbox(_("Sort by"), list(sorts), **address.one_of("sort", sorts), format_func=sorts.__getitem__)

The fields of a form are written when its button is pressed (`Form`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypedDict

import streamlit as st

from dashboard.i18n import spoken

LONGEST_TEXT = 200  # characters
_LAST, _WRONG = "_addresses", "_wrong_codes"  # of the session: addresses by page; what the run corrects, by key
Resets = Collection[str]


class Bound(TypedDict):
    key: str
    on_change: Callable[[], None]


class Field(TypedDict):
    key: str


class Form:
    """Controls that enter the address together: `field` takes each in place of its `on_change`, `send` is the button's `on_click`."""

    def __init__(self) -> None:
        self._fields: list[Bound] = []

    def field(self, bound: Bound) -> Field:
        self._fields.append(bound)
        return {"key": bound["key"]}

    def send(self) -> None:
        for bound in self._fields:
            bound["on_change"]()


def one_of(key: str, codes: Iterable, default: Any = ..., *, resets: Resets = ()) -> Bound:
    """Bind a control that chooses one of `codes`. default: what no entry in the address means; the first code unless given, None for
    no choice."""
    known = {str(code): code for code in codes}
    texts = {code: text for text, code in known.items()}
    first = next(iter(known.values()), None) if default is ... else default
    nothing = [] if first is None else [""]  # "" in the address: no choice where there is a default
    return _bind(
        key,
        first,
        lambda given: None if given[-1] == "" and first is not None else known.get(given[-1], first),
        lambda chosen: nothing if chosen is None else [texts[chosen]],
        resets,
    )


def some_of(key: str, codes: Iterable, most: int | None = None, *, resets: Resets = ()) -> Bound:
    """Bind a control that chooses up to `most` of `codes`, none at first."""
    known = {str(code): code for code in codes}
    read = lambda texts: [known[text] for text in dict.fromkeys(texts) if text in known][:most]  # noqa: E731
    return _bind(key, [], read, lambda chosen: [str(code) for code in chosen or () if code in known.values()], resets)


def text(key: str, *, resets: Resets = ()) -> Bound:
    """Bind a text field, empty at first. The space at the end is kept: somebody may still be writing."""
    return _bind(key, "", lambda texts: texts[-1][:LONGEST_TEXT], lambda text: [text[:LONGEST_TEXT]] if text.strip() else [], resets)


def number(key: str, lowest: float, highest: float | None = None, default: float | None = None, *, resets: Resets = ()) -> Bound:
    """Bind a control of one number from `lowest` to `highest`, whole where `lowest` is an int. Another one, and none, mean the default."""

    def read(texts: list[str]) -> float:
        given = type(lowest)(float(texts[-1]))
        if not lowest <= given <= (sys.float_info.max if highest is None else highest):
            raise ValueError(given)
        return given

    return _bind(key, default, read, lambda given: [] if given is None else [f"{given:.10g}"], resets)


def span(key: str, lowest: int, highest: int, default: tuple[int, int] | None = None, *, resets: Resets = ()) -> Bound:
    """Bind a slider of two whole numbers, by default from one end to the other; "5-20" in the address."""

    def read(texts: list[str]) -> tuple[int, int]:
        start, _sign, end = texts[-1].partition("-")
        chosen = max(lowest, int(start)), min(highest, int(end))
        if chosen[0] > chosen[1]:
            raise ValueError(texts[-1])
        return chosen

    return _bind(key, default or (lowest, highest), read, lambda chosen: ["-".join(map(str, chosen))], resets)


def flag(key: str, *, resets: Resets = ()) -> Bound:
    """Bind a toggle or checkbox, off at first."""
    return _bind(key, False, lambda texts: texts[-1] == "1", lambda on: ["1"] if on else [], resets)


def tab(key: str, words: dict[str, str], *, resets: Resets = ()) -> Bound:
    """Bind `st.tabs`, the first one open at first. words: the label of each tab by its code."""
    codes = {label: code for code, label in words.items()}
    first = next(iter(words.values()))
    return _bind(key, first, lambda texts: words.get(texts[-1], first), lambda label: [codes[label]], resets)


@contextmanager
def remembered(page: str) -> Iterator[None]:
    """Run a page; keep its address for links back to it in this session, without what its controls cannot show."""
    st.session_state[_WRONG] = {}
    st.session_state.setdefault(_LAST, {})[page] = current()
    with suppress(_EndOfPage):
        yield
    if wrong := st.session_state[_WRONG]:  # at once: each change is an entry of the history
        whole = {name: st.query_params.get_all(name) for name in st.query_params} | wrong
        st.query_params.from_dict({name: texts for name, texts in whole.items() if texts})
        st.session_state[_LAST][page] = current()


class _EndOfPage(Exception):
    pass


def end_page() -> NoReturn:
    """End a page early. `st.stop` would end the run, and leave in the address what the page cannot show."""
    raise _EndOfPage


def current() -> dict[str, list[str]]:
    """Return the controls in the address of this page."""
    return {key: st.query_params.get_all(key) for key in st.query_params if key != "lang"}


def last(page: str) -> dict[str, list[str]]:
    """Return the controls of a page as this session left them: query parameters for a link to it."""
    return st.session_state.get(_LAST, {}).get(page, {})


def chosen(key: str) -> bool:
    """Return whether a bound control differs from its default."""
    return bool(st.session_state.get(_WRONG, {}).get(key, st.query_params.get_all(key)))


def clear(*keys: str) -> None:
    """Return controls to their defaults; for callbacks."""
    for key in keys:
        st.query_params.pop(key, None)


def put(**codes: str | list[str]) -> None:
    """Set controls to other codes, or to their defaults by []; for callbacks, and before a rerun."""
    for key, code in codes.items():
        if code == []:
            clear(key)
        else:
            st.query_params[key] = code


def show(codes: Mapping[str, list[str]]) -> None:
    """Set the controls of this page to these codes and all others to their defaults; for callbacks."""
    clear(*(key for key in current() if key not in codes))
    put(**codes)


def _bind(key: str, default: Any, read: Callable[[list[str]], Any], write: Callable[[Any], Collection[str]], resets: Resets) -> Bound:
    """read: from the texts of the address, never empty; a ValueError or OverflowError means the default. write: back; [] for none."""
    wanted, texts = default, st.query_params.get_all(key)
    if texts:
        with suppress(ValueError, OverflowError):
            wanted = read(texts)
        if (shown := list(write(wanted))) != texts:
            st.session_state[_WRONG][key] = [] if wanted == default else shown
    if st.session_state.get(key, ...) != wanted:
        st.session_state[key] = wanted

    def changed() -> None:
        chosen = st.session_state.get(key, default)
        with suppress(LookupError):  # a browser may send words that its control no longer has: they change nothing
            put(**{key: [] if chosen == default else list(write(chosen))})
            clear(*resets)

    return {"key": spoken(key), "on_change": changed}
