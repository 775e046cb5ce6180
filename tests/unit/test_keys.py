"""The customers' key: made once and whole, for its owner's eyes, and missed when it is gone."""

from __future__ import annotations

import stat

import pytest
from fixtures.importing import ORDERS, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.storage import duckdb as db
from core.storage import files, keys


def test_the_key_is_made_once_for_its_owner_alone(workspace):
    key = keys.customers_key(workspace, create=True)
    assert len(key) == 32 and keys.customers_key(workspace, create=True) == key
    assert stat.S_IMODE((workspace.root / "privacy.key").stat().st_mode) == 0o600


def test_a_dry_run_makes_no_key(workspace):
    assert keys.customers_key(workspace, create=False) != keys.customers_key(workspace, create=False)
    assert not (workspace.root / "privacy.key").exists()


def test_a_full_disk_leaves_no_empty_key_behind(workspace, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="full"):
        keys.customers_key(workspace, create=True)
    assert not (workspace.root / "privacy.key").exists()


@pytest.mark.parametrize("content", [None, b"", b"00" * 32, b"\xff" * 64, b"xy" * 32])
@pytest.mark.parametrize("create", [True, False])
def test_a_lost_or_changed_key_is_an_error_in_words(workspace, content, create):
    keys.customers_key(workspace, create=True)
    file = workspace.root / "privacy.key"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match="key of the customers' pseudonyms.*(is missing|not the original one).*Restore privacy.key"):
        keys.customers_key(workspace, create=create)


def test_a_key_of_0_1_0_is_remembered(workspace):
    (workspace.root / "privacy.key").write_text("ab" * 32)
    keys.remember(workspace)
    (workspace.root / "privacy.key").write_text("ac" * 32)
    with pytest.raises(UserError, match="not the original one"):
        keys.customers_key(workspace, create=True)


@pytest.mark.parametrize("lost", [("privacy.key",), ("privacy.key", "privacy.json")])
def test_a_key_that_is_lost_with_its_note_doubles_no_customers(workspace, tmp_path, lost):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    for name in lost:
        (workspace.root / name).unlink()
    for dry_run in (True, False):
        with pytest.raises(UserError, match="is missing.*Restore privacy.key"):
            import_files(workspace, [write(tmp_path, "more.csv", ORDERS.replace("2024-03", "2024-04"))], dry_run=dry_run)
    assert not (workspace.root / "privacy.key").exists()
    assert stored(workspace, "select count(*) from orders") == [(3,)]


def test_the_warehouse_knows_its_key_where_key_and_note_were_replaced_together(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    for name in ("privacy.key", "privacy.json"):
        (workspace.root / name).unlink()
    (workspace.root / "privacy.key").write_text("ab" * 32)
    with pytest.raises(UserError, match="is not the original one"):
        import_files(workspace, [write(tmp_path, "orders2.csv", ORDERS.replace("2024-03", "2024-04"))])


def test_a_warehouse_of_an_earlier_version_takes_the_key_that_is_there(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    with db.connect(workspace.warehouse) as con:
        con.execute("alter table imports drop column key_sha256")
    import_files(workspace, [write(tmp_path, "orders2.csv", ORDERS.replace("2024-03", "2024-04"))])
    assert stored(workspace, "select count(distinct customer_id) from orders") == [(2,)]
    assert stored(workspace, "select count(key_sha256) from imports where file = 'orders2.csv'")[0][0] > 0
