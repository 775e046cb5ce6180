"""Pages run in-process on a made-up snapshot: `open_page("rising", q="mug")` is what a visitor of /rising?q=mug gets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from fixtures.serving import write_models, write_snapshot
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from dashboard.i18n import LANGUAGES

APP = Path(__file__).parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def one_look_for_components():
    """Streamlit reads the metadata of every installed package for each AppTest: four fifths of what a page costs. Once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def readonly_shop(tmp_path_factory) -> Workspace:
    """A shop with a snapshot and a model in use; nobody changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("shop"))
    write_snapshot(workspace)
    write_models(workspace, candidates=0)
    return workspace


@pytest.fixture
def shop(workspace) -> Workspace:
    """The same with a candidate, for one test alone."""
    write_snapshot(workspace)
    write_models(workspace)
    return workspace


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory) -> Workspace:
    """A shop without a snapshot, whose start page is cheap."""
    return Workspace(tmp_path_factory.mktemp("empty")).create()


@pytest.fixture
def open_page(monkeypatch, readonly_shop, empty_shop):
    """open_page(name, language="en", workspace=None, **query) -> the AppTest after its first run."""

    def open_(name: str, language: str = "en", workspace: Workspace | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("UPSWING_WORKSPACE", str(empty_shop.root))
        at = AppTest.from_file(str(APP), default_timeout=60)
        at.query_params["lang"] = LANGUAGES[language]
        at.run()  # pages have no address before a first run
        monkeypatch.setenv("UPSWING_WORKSPACE", str((workspace or readonly_shop).root))
        at.switch_page(f"../pages/{name}.py")
        for key, value in query.items():
            at.query_params[key] = value
        return at.run()

    return open_
