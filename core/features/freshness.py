"""Freshness: whether a panel still is what its inputs say. Inputs are compared by hash, so a copy of a stale workspace is stale, too."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from core import __version__
from core.errors import UserError
from core.features.definitions import FEATURES
from core.messages import msg
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import files, warehouse
from core.workspace import Workspace

_NOT_IN_THE_PANEL = ("name", "columns")  # of [shop]: the first is shown, the second read by imports only


def fingerprint(con, settings: Settings) -> dict[str, str]:
    """Return the SHA-256 of everything that a panel is made from, by kind.

    imports   files and readings that the warehouse took in
    settings  those in effect that features and labels read
    encoder   weights of the text encoder
    features  definitions, stored queries and the version of the code around them

    con: an open warehouse. Raises UserError where the encoder is missing.
    """
    from core.models.text import load_encoder

    shop = {name: value for name, value in asdict(settings.shop).items() if name not in _NOT_IN_THE_PANEL}
    imports = db.rows(con, "warehouse/imported") if "imports" in warehouse.columns(con) else []
    return {
        "imports": _sha256(imports),
        "settings": _sha256({"shop": shop, "labels": asdict(settings.labels)}),
        "encoder": load_encoder(settings.model.encoder).version,
        "features": _sha256([__version__, [asdict(f) for f in FEATURES], {f.name: f.read_text("utf-8") for f in db.stored("features")}]),
    }


def panel_is_fresh(workspace: Workspace) -> bool:
    """Return whether the panel was made from today's imports, settings, encoder and feature definitions, so that training may use it."""
    described = workspace.panel / "panel.json"
    if not workspace.warehouse.exists() or not described.exists():
        return False
    try:
        made_from = files.read_json(described, msg("Run `upswing features` again.")).get("fingerprint")
    except UserError:  # building the panel again mends a damaged description
        return False
    settings = workspace.settings()
    with db.connect(workspace.warehouse, read_only=True) as con:
        return made_from == fingerprint(con, settings)


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
