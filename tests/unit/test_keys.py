"""The customers' key: made once and whole, for its owner's eyes, and missed when it is gone."""

from __future__ import annotations

import stat

import pytest

from core.errors import UserError
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
    with pytest.raises(UserError, match="key of the customers' pseudonyms.*(is missing|not the one).*Restore privacy.key"):
        keys.customers_key(workspace, create=create)


def test_a_key_of_0_1_0_is_remembered(workspace):
    (workspace.root / "privacy.key").write_text("ab" * 32)
    keys.remember(workspace)
    (workspace.root / "privacy.key").write_text("ac" * 32)
    with pytest.raises(UserError, match="not the one"):
        keys.customers_key(workspace, create=True)
