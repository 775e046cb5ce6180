"""Writes docs/reference/settings.md from core/settings.py: python scripts/settings_reference.py   (same as `make docs`)"""

from __future__ import annotations

import inspect
from pathlib import Path

from core.settings import SECTIONS, Setting, Settings, described
from core.settings_file import as_toml

FILE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"

INTRODUCTION = """\
# Settings

Written from `core/settings.py` by `make docs`; change it there.

`upswing.toml` in the workspace holds the values that differ from the defaults. You write it; the Settings page and `upswing tune --apply`
change single values there and keep your comments. The Settings page records who changed what. A wrong value, an unknown section or an
unknown name stops the command, which lists all errors by line.

An import infers what `[shop]` leaves out from all imported rows: currency, countries, segments and the names of columns. These facts are
stored in the warehouse with their evidence (table `facts` of the [data contract](../data-contract.md)). A value in `upswing.toml` wins.

```toml
[shop]
name = "Lantern & Co"
currency = "GBP"
countries = ["GB", "DE"]          # whose holidays count
segment_attribute = "country"     # orders.country or orders.channel, or a column of the customers file

[model]
tuning = "last-3"                 # the last three encoder layers learn too; "frozen" is the default

[recipe]
pretrain_epochs = 3               # masked-language pretraining on the products' texts; 0 is the default
```
"""
MORE = {
    "labels": "See [What rising means](../explanation/what-rising-means.md).",
    "recipe": "See [Tune](../how-to/tune.md).",
    "schedule": "See [Set a schedule](../how-to/set-a-schedule.md).",
    "notifications": "See [Get notified](../how-to/get-notified.md).",
    "inventory": "See [Inventory policy](../explanation/inventory-policy.md).",
}


def section_text(name: str) -> str:
    """Return one section's heading, introduction and table."""
    section = getattr(Settings(), name)
    about = inspect.cleandoc(type(section).__doc__ or "").split("\n\n")[0].replace("\n", " ")
    rows = [row(key, setting, getattr(section, key)) for key, setting in described(name).items()]
    return "\n".join(
        [
            f"## [{name}]",
            "",
            f"{about} {MORE.get(name, '')}".strip(),
            "",
            "| name | default | allowed | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def row(name: str, setting: Setting, default: object) -> str:
    """Return one setting as a row of Markdown."""
    unit = f" Unit: {setting.unit}." if setting.unit else ""
    cells = (f"`{name}`", f"`{as_toml(default)}`", str(setting.allowed(default)), setting.meaning + unit)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def text() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *(section_text(name) for name in SECTIONS)])


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE}")
