"""Durable files: whole or not at all, hashed, swept only when nobody writes them any more."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import UserError
from core.messages import msg
from core.storage import disk, files, locks

AGAIN = msg("Make it again.")
HOLD_AND_WAIT = """
import sys, time
from pathlib import Path
from core.storage import files
with files.unfinished(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refuse(number: int):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    file = files.write_text(tmp_path / "a.json", "old")

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        files.write_with(file, write)
    assert (file.read_text(), names(tmp_path)) == ("old", ["a.json"])


def test_a_folder_appears_whole_and_takes_the_place_of_the_old_one(tmp_path):
    for content in ("old", "new"):
        with files.new_folder(tmp_path / "model") as folder:
            (folder / content).write_text(content)
            assert "new" not in names(tmp_path / "model") if content == "new" else not (tmp_path / "model").exists()
    with pytest.raises(RuntimeError), files.new_folder(tmp_path / "model") as folder:
        (folder / "half").write_text("half")
        raise RuntimeError
    assert (names(tmp_path), names(tmp_path / "model")) == (["model"], ["new"])


def test_every_file_is_synced_before_it_gets_its_name_and_its_folder_after(tmp_path, monkeypatch):
    synced = []
    sync = files.sync
    monkeypatch.setattr(files, "sync", lambda path: (synced.append((path == tmp_path, (tmp_path / "a").exists())), sync(path)))
    files.write_bytes(tmp_path / "a", b"x")
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_refuses_is_reported_in_sentences_and_changes_nothing(tmp_path, monkeypatch, number):
    file = files.write_text(tmp_path / "a.json", "old")
    monkeypatch.setattr(files.os, "fsync", refuse(number))
    with pytest.raises(UserError, match=r"a\.json.*\. .*\. ") as error:
        files.write_json(file, {"new": 1})
    said = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "read-only", errno.EACCES: "read-only", errno.EIO: "fault"}
    assert said[number] in str(error.value)
    assert (file.read_text(), names(tmp_path)) == ("old", ["a.json"])


def test_a_full_disk_is_recognised_in_the_words_of_other_libraries():
    told = disk.as_user_error(RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), Path("x"))
    assert "full" in str(told)
    assert disk.as_user_error(RuntimeError("something else"), Path("x")) is None


def test_any_flipped_bit_of_a_sealed_file_is_noticed(tmp_path):
    file = files.write_sealed(tmp_path / "a.json", {"rows": 12, "names": ["x", "圣"], "share": 0.1})
    content = file.read_bytes()
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        with pytest.raises(UserError, match="Make it again"):
            files.read_json(file, AGAIN)
    file.write_bytes(content)
    assert files.read_json(file, AGAIN) == {"rows": 12, "names": ["x", "圣"], "share": 0.1}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", None])
def test_json_that_cannot_be_read_is_reported_with_what_to_do(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.json (is missing|cannot be read).*unchanged since it was written.*Make it again"):
        files.read_json(tmp_path / "a.json", AGAIN)
    (tmp_path / "b.json").mkdir()
    with pytest.raises(UserError, match="Make it again"):
        files.read_json(tmp_path / "b.json", AGAIN)


def test_an_unsealed_file_of_an_earlier_version_is_read(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"a": "0" * 64}))
    assert files.read_json(tmp_path / "a.json", AGAIN) == {"a": "0" * 64}


def test_a_file_is_hashed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    files.forget_hashes()
    file, read = tmp_path / "a", []
    sha256 = files.sha256
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path) or sha256(path))
    file.write_bytes(b"one")
    assert files.known_sha256(file) == files.known_sha256(file)
    assert len(read) == 2, "a file that has just changed is read again"
    old = time.time() - 60
    os.utime(file, (old, old))
    monkeypatch.setattr(files.time, "time", lambda: time.monotonic() + 1e10)
    assert len({files.known_sha256(file) for _ in range(5)}) == 1
    assert len(read) == 3
    file.write_bytes(b"two")
    assert files.known_sha256(file) == sha256(file)
    assert len(read) == 4


def test_what_a_killed_process_wrote_is_swept_and_what_a_living_one_writes_is_not(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD_AND_WAIT, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True)
    temporary = Path(process.stdout.readline().strip())
    try:
        assert files.sweep(tmp_path.glob(".*")) == []
        assert temporary.exists()
    finally:
        process.kill()
        process.wait()
    assert files.sweep(tmp_path.glob(".*")) == [temporary]
    assert names(tmp_path) == []


def test_a_lock_waits_or_says_that_it_is_taken(tmp_path):
    with locks.locked(tmp_path / "lock"):
        with pytest.raises(locks.Taken), locks.locked(tmp_path / "lock", wait=False):
            pass
        assert not locks.is_free(tmp_path / "lock")
    assert locks.is_free(tmp_path / "lock")
