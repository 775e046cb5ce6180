"""Which model is served, who decided so, and what keeps a model from being promoted."""

from __future__ import annotations

import pytest
from fixtures.model_folders import FEATURES, write_model, write_panel

from core import jobs
from core.errors import UserError
from core.models import registry
from core.storage.state import State


def statuses(workspace) -> dict[str, str]:
    return {m.id: m.status for m in registry.models(workspace)}


def test_a_new_model_is_a_candidate_and_an_unfinished_one_is_not_listed(workspace):
    write_model(workspace, "20111201-a")
    write_model(workspace, "20111208-b", complete=False)
    assert statuses(workspace) == {"20111201-a": "candidate"}
    assert registry.champion(workspace) is None
    assert registry.models(workspace)[0].summary == "average_precision 0.400  brier_skill 0.200"


def test_promotion_retires_the_champion_before_and_says_who_and_why(workspace):
    for model_id in ("a", "b"):
        write_model(workspace, model_id)
    registry.promote(workspace, "a", "the first", actor="ana")
    registry.promote(workspace, "b", "better Brier", actor="ben")
    assert statuses(workspace) == {"b": "champion", "a": "retired"}
    assert registry.champion(workspace) == "b"
    entry = State(workspace).audit()[0]
    assert (entry.actor, entry.act, entry.subject, entry.reason) == ("ben", "promote", "b", "better Brier")


def test_rollback_serves_the_champion_before(workspace):
    for model_id in ("a", "b", "c"):
        write_model(workspace, model_id)
    with pytest.raises(UserError, match="an earlier champion"):
        registry.rollback(workspace, "nothing to go back to")
    registry.promote(workspace, "b", "the first")
    registry.promote(workspace, "a", "better")
    assert registry.rollback(workspace, "sales disagree", actor="ana") == "b"
    assert statuses(workspace) == {"a": "retired", "b": "champion", "c": "candidate"}


def test_a_model_whose_files_changed_is_not_promoted(workspace):
    folder = write_model(workspace, "a")
    (folder / "weights.safetensors").write_bytes(b"other weights")
    (folder / "metrics.json").unlink()
    with pytest.raises(UserError, match="(metrics.json is missing|weights.safetensors has changed).*(is missing|has changed)"):
        registry.promote(workspace, "a", "looks good")
    assert registry.champion(workspace) is None
    assert State(workspace).audit() == []


def test_a_model_of_other_features_is_not_promoted_and_the_difference_is_shown(workspace):
    write_model(workspace, "a")
    write_panel(workspace, FEATURES[:1] + [{"name": "views_7d", "driver": "attention"}])
    with pytest.raises(UserError, match="lacks: price. The panel has new features: views_7d"):
        registry.promote(workspace, "a", "looks good")
    write_panel(workspace, FEATURES[::-1])
    with pytest.raises(UserError, match="another order"):
        registry.promote(workspace, "a", "looks good")
    write_panel(workspace)
    registry.promote(workspace, "a", "looks good")


def test_a_discarded_model_is_not_promoted_and_the_champion_not_discarded(workspace):
    for model_id in ("a", "b"):
        write_model(workspace, model_id)
    registry.promote(workspace, "a", "the first")
    registry.discard(workspace, "b", "worse at new products", actor="ana")
    assert statuses(workspace) == {"a": "champion", "b": "discarded"}
    assert State(workspace).audit()[0].act == "discard"
    with pytest.raises(UserError, match="Model b is discarded"):
        registry.promote(workspace, "b", "changed my mind")
    with pytest.raises(UserError, match="Model a is the champion"):
        registry.discard(workspace, "a", "tired of it")
    with pytest.raises(UserError, match="Model a is the champion"):
        registry.promote(workspace, "a", "again")


def test_every_act_needs_a_reason_and_a_model_that_is_there(workspace):
    write_model(workspace, "a")
    for act in (registry.promote, registry.discard):
        with pytest.raises(UserError, match="A reason"):
            act(workspace, "a", "  ")
        with pytest.raises(UserError, match="upswing models"):
            act(workspace, "../a", "why not")
    assert State(workspace).audit() == []


def test_promotion_from_the_page_queues_the_rescore_that_serves_it(workspace):
    write_model(workspace, "a")
    job = jobs.promote_and_rescore(workspace, "a", "better", actor="ana")
    assert (job.kind, job.status, job.actor) == ("rescore", "queued", "ana")
    assert registry.champion(workspace) == "a"


def test_a_refused_promotion_queues_nothing(workspace):
    (write_model(workspace, "a") / "weights.safetensors").write_bytes(b"other weights")
    with pytest.raises(UserError):
        jobs.promote_and_rescore(workspace, "a", "better")
    assert jobs.running(workspace) == []
