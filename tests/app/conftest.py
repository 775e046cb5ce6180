"""Pages run in-process on a made-up snapshot: `open_page("rising", q="mug")` is what a visitor of /rising?q=mug gets."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from fixtures.serving import write_models, write_snapshot
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test
from streamlit.testing.v1.util import patch_config_options

from core import data_age
from core.workspace import Workspace
from dashboard import registry
from dashboard.i18n import LANGUAGES

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def as_served():
    """Run pages with the options of the served dashboard, and share what Streamlit would repeat for each AppTest.

    It would read the metadata of every installed package and compile each script again: together most of what a page costs.
    """
    options = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    quiet = {"browser.gatherUsageStats": options["browser"]["gatherUsageStats"], "runner.magicEnabled": options["runner"]["magicEnabled"]}
    scripts = ScriptCache()
    with pytest.MonkeyPatch.context() as patch, patch_config_options(quiet):
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(app_test, "ScriptCache", lambda: scripts)
        yield


@pytest.fixture(scope="session")
def readonly_shop(tmp_path_factory) -> Workspace:
    """A shop with a snapshot and a model in use; nobody changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("shop"))
    write_snapshot(workspace)
    write_models(workspace, candidates=0)
    return workspace


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Run the pages on the day after the last day of the made-up data; clock(days) moves that."""

    def move(days: int) -> None:
        monkeypatch.setattr(data_age, "now", lambda: datetime(2011, 12, 4, 12, tzinfo=UTC) + timedelta(days=days))

    move(1)
    return move


@pytest.fixture
def shop(workspace) -> Workspace:
    """The same with a candidate, for one test alone."""
    write_snapshot(workspace)
    write_models(workspace)
    return workspace


@pytest.fixture(scope="session")
def navigation(tmp_path_factory) -> dict:
    """What the app registers in a first run, on a shop without a snapshot: before it, AppTest knows the address of no page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPSWING_WORKSPACE", str(Workspace(tmp_path_factory.mktemp("empty")).create().root))
        return AppTest.from_file(str(APP), default_timeout=60).run()._registered_pages


@pytest.fixture
def open_page(monkeypatch, readonly_shop, navigation):
    """open_page(name, language="en", workspace=None, **query) -> the AppTest after its first run."""

    def open_(name: str, language: str = "en", workspace: Workspace | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("UPSWING_WORKSPACE", str((workspace or readonly_shop).root))
        at = AppTest.from_file(str(APP), default_timeout=60)
        at._registered_pages = dict(navigation)
        at.switch_page(str(registry.script(registry.pages()[name])))
        at.query_params["lang"] = LANGUAGES[language]
        for key, value in query.items():
            at.query_params[key] = value
        return at.run()

    return open_
