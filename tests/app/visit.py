"""What a visitor sees of a page, for tests to look into."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard import registry

PAGES = tuple(registry.pages())


def words(at: AppTest) -> str:
    """Everything that a page says outside tables and charts."""
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.error, at.warning, at.metric, at.code)
    said = [str(e.value) for kind in kinds for e in kind] + [e.label for e in at.metric] + [b.label for b in at.button]
    said += [t.proto.title for t in (*at.info, *at.error)] + [str(table.to_dict()) for table in tables(at)]
    return "\n".join(said)


def tables(at: AppTest) -> list[pd.DataFrame]:
    """The page's short tables as a visitor reads them, without the marks that keep text from being Markdown."""
    read = lambda text: re.sub(r"\\([^\w\s])", r"\1", str(text)).replace("\u2060", "")
    return [element.value.map(read).rename(index=read) for element in at.table]


def components(at: AppTest) -> list[dict]:
    """What the page gives to our own components, in order; the first is the search."""
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def lists(at: AppTest) -> list[dict]:
    """What the page gives to each list of rows (dashboard/components/rows), in order."""
    return [given for given in components(at) if "rows" in given]


def row_ids(at: AppTest) -> list[str]:
    """The ids of the rows of the page's first list, in order."""
    found = lists(at)
    return [row["id"] for row in found[0]["rows"]] if found else []


def cells(at: AppTest, name: str) -> list[Any]:
    """The cells of a column of the page's first list, in order."""
    shown = lists(at)[0]
    place = [column["name"] for column in shown["columns"]].index(name)
    return [row["cells"][place] for row in shown["rows"]]
