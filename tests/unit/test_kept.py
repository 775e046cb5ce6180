"""What tests keep on disk is made once, and made anew when what it is made from changes."""

from __future__ import annotations

import pytest
from fixtures import kept


def test_a_folder_is_made_once_and_left_half_made_is_made_anew(tmp_path):
    calls = []

    def make(place):
        calls.append(place)
        if len(calls) == 1:
            (place / "half").touch()
            raise OSError("the disk is full")
        (place / "whole").touch()

    with pytest.raises(OSError, match="full"):
        kept.kept("thing", make, tmp_path)
    first, second = (kept.kept("thing", make, tmp_path) for _ in range(2))
    assert first == second and len(calls) == 2
    assert [file.name for file in kept.copied(first, tmp_path / "copy").iterdir()] == ["whole"]


def test_a_changed_source_makes_the_folder_anew_and_removes_the_old_one(tmp_path, monkeypatch):
    make = lambda place: (place / "whole").touch()
    before = kept.kept("thing", make, tmp_path)
    monkeypatch.setattr(kept, "sources_hash", lambda: "another")
    assert kept.kept("thing", make, tmp_path) != before and not before.exists()


def test_the_hash_of_the_sources_follows_their_contents_and_names(tmp_path):
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "a.sql").write_text("select 1")
    hashes = [kept.sources_hash.__wrapped__(tmp_path)]
    (tmp_path / "core" / "a.sql").write_text("select 2")
    hashes.append(kept.sources_hash.__wrapped__(tmp_path))
    (tmp_path / "core" / "a.sql").rename(tmp_path / "core" / "b.sql")
    hashes.append(kept.sources_hash.__wrapped__(tmp_path))
    assert len(set(hashes)) == 3
