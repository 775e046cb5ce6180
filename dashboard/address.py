"""Keep the controls of a page in its address, as codes that mean the same in every language and browser.

Streamlit's own `bind="query-params"` writes the words that a control shows, and replaces the entry of the browser's history. Here a
choice is written as its code, each change is an entry of the history, and the address wins over the session: Back, a reload and a
link in another browser all show what the address says.

Each function takes the key of a control, which is also its name in the address, and returns `key` and `on_change` to pass on. A
change of the control returns those that it `resets`, such as the number of a page, to their defaults.

    st.selectbox(_("Sort by"), list(sorts), **address.one_of("sort", sorts), format_func=sorts.__getitem__)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypedDict

import streamlit as st

from dashboard.i18n import spoken

_LAST = "_addresses"
Resets = Collection[str]


class Bound(TypedDict):
    key: str
    on_change: Callable[[], None]


def one_of(key: str, codes: Iterable, default: Any = ..., *, resets: Resets = ()) -> Bound:
    """Bind a control that chooses one of `codes`. default: what no entry in the address means; the first code unless given, None for
    no choice."""
    known = {str(code): code for code in codes}
    first = next(iter(known.values()), None) if default is ... else default
    nothing = [] if first is None else [""]  # "" in the address: no choice where there is a default
    return _bind(
        key,
        first,
        lambda texts: None if texts[-1] == "" and first is not None else known.get(texts[-1], first),
        lambda chosen: nothing if chosen is None else [str(chosen)],
        resets,
    )


def some_of(key: str, codes: Iterable, *, resets: Resets = ()) -> Bound:
    """Bind a control that chooses any number of `codes`, none at first."""
    known = {str(code): code for code in codes}
    return _bind(key, [], lambda texts: [known[t] for t in texts if t in known], lambda chosen: [str(c) for c in chosen or ()], resets)


def text(key: str, *, resets: Resets = ()) -> Bound:
    """Bind a text field, empty at first."""
    return _bind(key, "", lambda texts: texts[-1], lambda written: [written.strip()] if written.strip() else [], resets)


def number(key: str, lowest: float, highest: float | None = None, default: float | None = None, *, resets: Resets = ()) -> Bound:
    """Bind a control of one number from `lowest` to `highest`, whole where `lowest` is an int."""
    return _bind(key, default, lambda texts: _within(type(lowest), texts[-1], lowest, highest), lambda given: [f"{given:.10g}"], resets)


def span(key: str, lowest: int, highest: int, *, resets: Resets = ()) -> Bound:
    """Bind a slider of two whole numbers, from one end to the other at first; "5-20" in the address."""

    def read(texts: list[str]) -> tuple[int, int]:
        start, _sign, end = texts[-1].partition("-")
        return _within(int, start, lowest, highest), max(_within(int, end, lowest, highest), _within(int, start, lowest, highest))

    return _bind(key, (lowest, highest), read, lambda chosen: ["-".join(map(str, chosen))], resets)


def flag(key: str, *, resets: Resets = ()) -> Bound:
    """Bind a toggle or checkbox, off at first."""
    return _bind(key, False, lambda texts: texts[-1] == "1", lambda on: ["1"] if on else [], resets)


def tab(key: str, words: dict[str, str], *, resets: Resets = ()) -> Bound:
    """Bind `st.tabs`, the first one open at first. words: the label of each tab by its code."""
    codes = {label: code for code, label in words.items()}
    first = next(iter(words.values()))
    return _bind(key, first, lambda texts: words.get(texts[-1], first), lambda label: [codes[label]] if label in codes else [], resets)


def remember(page: str) -> None:
    """Keep the address of a page for links back to it in this session."""
    st.session_state.setdefault(_LAST, {})[page] = current()


def current() -> dict[str, list[str]]:
    """Return the controls in the address of this page."""
    return {key: st.query_params.get_all(key) for key in st.query_params if key != "lang"}


def last(page: str) -> dict[str, list[str]]:
    """Return the controls of a page as this session left them: query parameters for a link to it."""
    return st.session_state.get(_LAST, {}).get(page, {})


def chosen(key: str) -> bool:
    """Return whether a control differs from its default."""
    return bool(st.query_params.get(key))


def clear(*keys: str) -> None:
    """Return controls to their defaults; for callbacks."""
    for key in keys:
        st.query_params.pop(key, None)


def put(**codes: str | list[str]) -> None:
    """Set controls to other codes; for callbacks, and before a rerun."""
    for key, code in codes.items():
        st.query_params[key] = code


def show(codes: Mapping[str, list[str]]) -> None:
    """Set the controls of this page to these codes and all others to their defaults; for callbacks."""
    clear(*(key for key in current() if key not in codes))
    put(**codes)


def _within(kind: type, written: str, lowest: float, highest: float | None) -> Any:
    given = kind(float(written))
    if given != given:
        raise ValueError(written)
    return kind(max(lowest, given if highest is None else min(highest, given)))


def _bind(key: str, default: Any, read: Callable[[list[str]], Any], write: Callable[[Any], Collection[str]], resets: Resets) -> Bound:
    """read: from the texts of the address, never empty; a ValueError or OverflowError means the default. write: back; [] for none."""
    wanted, texts = default, st.query_params.get_all(key)
    if texts:
        with suppress(ValueError, OverflowError):
            wanted = read(texts)
    if st.session_state.get(key, ...) != wanted:
        st.session_state[key] = wanted

    def changed() -> None:
        chosen = st.session_state.get(key, default)
        written = [] if chosen == default else list(write(chosen))
        if written:
            st.query_params[key] = written
        else:
            st.query_params.pop(key, None)
        clear(*resets)

    return {"key": spoken(key), "on_change": changed}
