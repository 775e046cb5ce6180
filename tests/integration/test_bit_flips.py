"""No flipped bit of a snapshot or a model is served unnoticed (tests/reference/bit_flips.py flips hundreds)."""

from __future__ import annotations

import json

import pytest
from fixtures.tiny_snapshot import write_scored
from reference import bit_flips

from core.models import registry
from core.storage import files, snapshots
from core.storage.queries import Serving


def test_no_flipped_bit_of_a_snapshot_is_served_unnoticed(workspace):
    write_scored(workspace)
    snapshots.publish(workspace)
    folder = snapshots.current(workspace).path
    found = bit_flips.flip_bits(folder, lambda: bit_flips.open_snapshot(workspace), 2 * len(list(folder.iterdir())))
    assert [f for f in found if not f.noticed] == []
    assert {f.file for f in found} == {f.name for f in folder.iterdir()}
    bit_flips.open_snapshot(workspace)


@pytest.mark.usefixtures("one_thread")
def test_no_flipped_bit_of_a_model_is_served_unnoticed(tmp_path):
    shop = bit_flips.made_up(tmp_path / "shop")
    model = shop.models / registry.champion(shop)
    found = bit_flips.flip_bits(model, lambda: bit_flips.open_model(model), 20, without=("card.md",))
    assert [f for f in found if not f.noticed] == []
    assert {f.file for f in found} == {"config.json", "features.json", "metrics.json", "weights.safetensors", "manifest.json"}
    bit_flips.open_model(model)
    card = registry.model(shop, model.name).card()
    (model / "card.md").write_text("another card")
    assert registry.model(shop, model.name).card() == card, "the card is written anew from the verified files"


def test_a_figure_that_has_changed_is_not_shown(tmp_path, workspace):
    from fixtures.model_folders import write_model

    folder = write_model(workspace, "m1")
    assert registry.model(workspace, "m1").metrics["metrics"]["average_precision"] == 0.4
    (folder / "metrics.json").write_text(json.dumps({"metrics": {"average_precision": 0.9}}))
    assert registry.model(workspace, "m1").metrics == {}


def test_a_snapshot_is_read_once_by_a_process(workspace, monkeypatch):
    write_scored(workspace)
    snapshots.publish(workspace)
    folder = snapshots.current(workspace).path
    read = []
    sha256 = files.sha256
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path.name) or sha256(path))
    monkeypatch.setattr(files, "_SETTLED_S", 0.0)
    Serving(folder)
    first = len(read)
    Serving(folder)
    assert (first, len(read)) == (len(list(folder.glob("*.parquet"))), first)
