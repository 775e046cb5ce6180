"""Writes docs/reference/layouts.md from the layouts that ship: python scripts/layouts_reference.py   (same as `make docs`)"""

from __future__ import annotations

from pathlib import Path

from core.ingest.recognise.known_layouts import shipped
from core.ingest.recognise.layout import WHY
from core.ingest.recognise.mapping import Mapping

FILE = Path(__file__).parents[1] / "docs" / "reference" / "layouts.md"

INTRODUCTION = """\
# Layouts of files

Written from `core/ingest/layouts/` by `make docs`; change them there.

A layout describes one report of one system. `upswing import` recognises it by its columns, whatever the file is called, and says so in
the report. A file of no known layout is read by the names of its columns.

| system | report | fills | recognised by |
|---|---|---|---|
"""
CANNOT = """
## Reports that cannot serve

An import leaves these out, says why, and names the report to export.

| system | report | why | export instead |
|---|---|---|---|
"""
OWN = """
## A layout of your own

Put a file such as `till.toml` into the folder `layouts/` of the workspace. It has a table of the [data contract](../data-contract.md) as
a [mapping](../how-to/map-your-files.md) has, and says how the file is recognised and what its rows mean:

```toml
[layout]
system = "Our till"
report = "day"
sources = ["https://till.example/manual"]  # where its columns and states are documented
header = ["Bon", ["Artikelcode", "Article"], "Stk"]  # a file has the layout if it has all of these, in any of their languages
absent = ["Filiale"]  # and none of these
group = "Bon"  # the order, on whose first line alone ...
carried = ["Tag"]  # ... these are filled
parts = "Set"  # rows that name a parent are parts of it
lines = "Pos"  # rows without it add up the lines of their order
time_zone = "UTC"  # of times without an offset, if it is not the shop's

[[states]]
column = "Art"
values = {{ "V" = "sale", "R" = "return", "*" = "not a sale" }}

[[states]]
column = "Storniert am"
filled = "not a sale"

[orders]
ordered_at = "Tag"
product_id = {{ column = ["Artikelcode", "Article"], blank = ["Bezeichnung"] }}
units = {{ column = "Stk", minus = ["Retour"] }}
line_total = "Betrag"
order_id = "Bon"
```

A report that cannot serve has no table, and says in `[layout]` why and which one to export, as in `why = "no days"` and
`instead = "Reports > Sales by day"`. Several items in one cell are a regular expression in `[layout.items]` (`columns`, `pattern`).

`why` is one of: {why}.

## States

Each value of a state column counts as a sale, a return, not a sale or pending: by the layout, else by the words in
`core/ingest/words/states.toml`. The import asks about any other value; answer with `--state "VALUE=sale"`. Rows that are no sale, no
product or a total are set aside with their units and money. `--keep "NAME"` brings the lines of one name back.

## Sources

"""


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def row(mapping: Mapping) -> str:
    layout = mapping.layout
    assert layout is not None
    if layout.why:
        return f"| {layout.system} | {cell(layout.report)} | {WHY[layout.why]} | {cell(layout.instead) or 'nothing'} |\n"
    header = ", ".join(f"`{cell(group[0])}`" for group in layout.header)
    return f"| {layout.system} | {cell(layout.report)} | {', '.join(mapping.tables)} | {header} |\n"


def text() -> str:
    """Return the page."""
    layouts = sorted((m for m in shipped() if m.layout), key=lambda m: m.layout.name.casefold())
    page = INTRODUCTION + "".join(row(m) for m in layouts if not m.layout.why)
    page += CANNOT + "".join(row(m) for m in layouts if m.layout.why)
    page += OWN.format(why=", ".join(f"`{why}`" for why in WHY))
    return page + "".join(f"- {m.layout.name}: {', '.join(f'<{s}>' for s in m.layout.sources)}\n" for m in layouts)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE}")
