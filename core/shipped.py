"""Where the files are that ship with Upswing: in a checkout beside the code, in a wheel inside its two packages."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # the checkout, or site-packages; `python -m core` runs from here
APP = ROOT / "dashboard" / "app.py"
REQUIREMENTS = ROOT / "requirements.txt"  # of a checkout; an installed package knows its pins by its metadata
PYTHONS = ((3, 11), (3, 12), (3, 13))  # the versions that every pinned package has a wheel for
_PIN = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def sample_files() -> list[Path]:
    """Return the files of the sample shop, by name."""
    return _shipped("files", "sample_data")


def sample_pictures() -> list[Path]:
    """Return the archive of the sample shop's pictures."""
    return _shipped("pictures", "sample_pictures")


def _shipped(name: str, package: str) -> list[Path]:
    folder = next(f for f in (ROOT / "sample_data" / name, ROOT / "core" / package) if f.is_dir())
    return sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("__init__"))


def pins() -> dict[str, str]:
    """Return the exact version of each package that Upswing needs: name -> version."""
    if REQUIREMENTS.exists():
        return dict(_PIN.findall(REQUIREMENTS.read_text(encoding="utf-8")))
    return dict(_PIN.findall("\n".join(importlib.metadata.requires("upswing") or [])))
