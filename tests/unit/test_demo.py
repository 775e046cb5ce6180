"""`upswing demo` marks its workspace as a demonstration, so that its pages run at the date of its data."""

from __future__ import annotations

from datetime import datetime

import pytest

from core import demo
from core.progress import silent
from core.storage import facts
from core.workspace import Workspace


@pytest.fixture
def built(workspace, monkeypatch) -> Workspace:
    """A sample shop that is built, whose files say its currency."""
    monkeypatch.setattr(demo, "need_port", lambda port: None)
    monkeypatch.setattr(demo, "serve", lambda *given: None)
    monkeypatch.setattr(demo.snapshots, "current", lambda workspace: object())
    monkeypatch.setattr(demo.pictures, "add", lambda workspace, files, progress: workspace.pictures.write_bytes(files[0].name.encode()))
    found = [facts.Fact("shop.currency", "GBP", {}, "1", datetime(2026, 7, 1))]
    monkeypatch.setattr(facts, "of_file", lambda path: found)
    return workspace.create()


def serve(workspace: Workspace) -> dict:
    demo.demo(workspace, 8501, silent, lambda message: None)
    return workspace.own_values()


def test_the_sample_shop_is_marked_and_nothing_else_is_written(built):
    assert serve(built) == {"pages": {"demo": True}}


def test_whoever_switches_the_mark_off_keeps_it_off(built):
    built.save_settings(built.settings().with_values("pages", demo=True))
    built.save_settings(built.settings().with_values("pages", demo=False))
    assert serve(built) == {"pages": {"demo": False}}


def test_the_sample_shops_pictures_are_added_and_those_of_a_user_stay(built):
    serve(built)
    assert built.pictures.read_bytes() == b"pictures.zip"
    built.pictures.write_bytes(b"mine")
    serve(built)
    assert built.pictures.read_bytes() == b"mine"
