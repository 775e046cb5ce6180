"""The products' pictures as pages show them: read one by one, so that only those on the screen cost anything."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.pictures import Pictures, data_address
from dashboard.data import workspace


def get(product: str) -> bytes | None:
    """Return the WebP bytes of a product's picture, None where there is none."""
    archive = workspace().pictures
    if not archive.exists():
        return None
    found = archive.stat()
    return _pictures(str(archive), found.st_mtime_ns, found.st_size).get(product)


def address(product: str) -> str:
    """Return a product's picture as a data address, "" where there is none."""
    return data_address(get(product))


@st.cache_resource(max_entries=2, show_spinner=False)
def _pictures(archive: str, changed: int, size: int) -> Pictures:
    return Pictures(Path(archive))
