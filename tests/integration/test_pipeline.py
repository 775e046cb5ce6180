"""The order of the steps: what each kind of job runs, what it promotes, and what it leaves alone. The steps are made up."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from fixtures.model_folders import write_model

from core.errors import UserError
from core.jobs import pipeline
from core.messages import from_json, msg, to_json
from core.models import registry
from core.progress import silent
from core.storage import snapshots


def said(text: str, **more):
    return SimpleNamespace(text=lambda: text, message=lambda: text, **more)


@pytest.fixture
def steps(workspace, monkeypatch) -> list[str]:
    """The names of the steps that were run, in their order."""
    done: list[str] = []

    def step(name: str, **more):
        def run(*_, **given):
            done.append(name)
            return said(name, **more)

        return run

    def import_files(_, files, **given):
        done.append(f"import {files[0].name}")
        return said("imported", as_dict=lambda: {"rows_read": 3})

    def train(_, settings, **given):
        model_id = f"m{len(done)}"
        done.append(f"train {settings.model.tuning}")
        write_model(workspace, model_id)
        return said("trained", model_id=model_id)

    def score(_, **given):
        done.append(f"score {registry.champion(workspace)}")
        return said("scored")

    def publish(*_, **given):
        done.append("publish")
        return f"s{len(done)}"

    fakes = {
        "core.ingest": SimpleNamespace(import_files=import_files),
        "core.models.candidate": SimpleNamespace(train=train),
        "core.features.build": SimpleNamespace(build=step("features"), build_latest=step("new days")),
        "core.capabilities.forecast.compute": SimpleNamespace(score=score),
        "core.evaluation.backtest": SimpleNamespace(
            backtest=step("backtest", summary=lambda: {"learners": []}), FILES={"en": "report.html"}
        ),
        "core.evaluation.simulate": SimpleNamespace(simulate=step("simulate", summary=lambda: {"policies": []})),
    }
    for name, fake in fakes.items():
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.setattr(snapshots, "publish", publish)
    return done


def champion(workspace, model_id: str = "old") -> None:
    write_model(workspace, model_id)
    registry.promote(workspace, model_id, "the first")


def test_the_first_run_promotes_its_model_and_serves_its_forecasts(workspace, steps):
    text = pipeline.run(workspace)["text"]
    assert steps == ["features", "train frozen", "score m1", "publish"]
    assert registry.champion(workspace) == "m1"
    assert "Model m1 is the first one and becomes the champion." in str(text)


def test_a_later_run_leaves_its_model_a_candidate_and_serves_the_champion(workspace, steps):
    champion(workspace)
    pipeline.run(workspace)
    assert steps == ["features", "train frozen", "score old", "publish"]
    assert {m.id: m.status for m in registry.models(workspace)} == {"old": "champion", "m1": "candidate"}


def test_an_import_job_of_a_new_shop_goes_all_the_way(workspace, steps):
    result = pipeline.do_job(workspace, "import", {"files": ["/data/orders.csv"], "preset": "generic"}, silent)
    assert steps == ["import orders.csv", "features", "train frozen", "score m2", "publish"]
    assert result["report"] == {"rows_read": 3} and result["model"] == "m2"
    assert from_json(to_json(result)) == result


def test_an_import_job_beside_a_champion_trains_nothing(workspace, steps):
    champion(workspace)
    result = pipeline.do_job(workspace, "import", {"files": ["/data/orders.csv"]}, silent)
    assert steps == ["import orders.csv", "new days", "score old", "publish"]
    assert result["champion"] == "old"


@pytest.mark.parametrize("beside", [False, True])
def test_files_that_came_in_are_told_of_although_forecasts_then_fail(workspace, steps, monkeypatch, beside):
    if beside:
        champion(workspace)

    def too_short(*_, **given):
        raise UserError(
            expected=msg("Training needs at least {days} days of history.", days=119),
            found=msg("The data cover {first} to {last}.", first="1 Jan 2026", last="28 Jan 2026"),
            to_do=msg("Import a longer history."),
        )

    monkeypatch.setitem(sys.modules, "core.features.build", SimpleNamespace(build=too_short, build_latest=too_short))
    with pytest.raises(UserError, match="a longer history") as error:
        pipeline.do_job(workspace, "import", {"files": ["/data/orders.csv"]}, silent)
    assert error.value.done == {"text": "imported", "report": {"rows_read": 3}}


def test_a_model_promoted_while_the_old_one_is_scored_is_scored_too(workspace, steps, monkeypatch):
    champion(workspace)
    write_model(workspace, "new")
    publish = snapshots.publish

    def publish_and_promote(*given):
        if registry.champion(workspace) == "old":
            registry.promote(workspace, "new", "while the other one was at work")
        return publish(*given)

    monkeypatch.setattr(snapshots, "publish", publish_and_promote)
    assert pipeline.do_job(workspace, "rescore", {}, silent)["champion"] == "new"
    assert steps == ["new days", "score old", "publish", "score new", "publish"]


def test_a_retrain_job_makes_a_candidate_and_shows_both_models_figures(workspace, steps, monkeypatch):
    champion(workspace)
    monkeypatch.setattr(pipeline, "panel_is_fresh", lambda _: True)
    result = pipeline.do_job(workspace, "retrain", {"tuning": "last-3"}, silent)
    assert steps == ["train last-3"]
    assert (result["model"], result["champion"], registry.champion(workspace)) == ("m0", "old", "old")
    assert result["metrics"] == result["champion_metrics"] == {"average_precision": 0.4, "brier_skill": 0.2}


def test_a_retrain_job_brings_a_stale_panel_up_to_date_first(workspace, steps):
    pipeline.do_job(workspace, "retrain", {}, silent)
    assert steps == ["features", "train frozen"]


def test_a_backtest_job_writes_into_the_workspace(workspace, steps):
    result = pipeline.do_job(workspace, "backtest", {}, silent)
    assert steps == ["features", "backtest"]
    assert Path(result["out"]).parent == workspace.root and result["summary"] == {"learners": []}


def test_a_simulation_job_writes_into_the_workspace(workspace, steps):
    result = pipeline.do_job(workspace, "simulate", {}, silent)
    assert steps == ["features", "simulate"]
    assert Path(result["out"]).parent == workspace.root and result["summary"] == {"policies": []}
