"""A training run leaves its curves outside of the model too, and nothing that goes wrong there stops it."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from fixtures.tiny import tiny_encoder, tiny_panel
from tensorboardX.crc32c import crc32c
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event

from core.errors import Cancelled
from core.models import train as fitting
from core.models.candidate import train
from core.models.tracking import Tracking

SMALL = {"trees_rounds": 20, "members": 1, "hidden": 16, "second": 8, "tower": 8, "token": 8}
METRICS = {"metrics": {"average_precision": 0.4, "brier_skill": None}, "recipe": {"batch_rows": 512}}


@pytest.fixture(autouse=True)
def nobody_configured_wandb(monkeypatch):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("encoder")))


@pytest.fixture
def learn(workspace, encoder):
    """Trains a small candidate of the workspace."""
    tiny_panel(workspace.panel, products=100, origins=30)
    settings = workspace.settings().with_values("model", encoder=encoder, max_epochs=2, device="cpu").with_values("recipe", **SMALL)
    return lambda **given: train(workspace, settings, **given)


def events(folder: Path) -> list[Event]:
    """The records of a folder's event file: length, its checksum, an event, its checksum."""
    (file,) = folder.glob("events.out.tfevents.*")
    content, found, at = file.read_bytes(), [], 0
    masked = lambda data: ((crc := crc32c(data)) >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        data = content[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", content, at + 8)[0] == masked(content[at : at + 8])
        assert struct.unpack_from("<I", content, at + 12 + length)[0] == masked(data)
        found.append(Event.FromString(data))
        at += 16 + length
    return found


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) by tag."""
    told: dict[str, list[tuple[int, float]]] = {}
    for event in events(folder):
        for value in event.summary.value:
            told.setdefault(value.tag, []).append((event.step, value.simple_value))
    return told


def test_a_training_leaves_the_models_curves_in_event_files_of_its_name(workspace, learn):
    trained = learn()
    (folder,) = (workspace.logs / "tensorboard").iterdir()
    assert folder.name == trained.model_id
    told = curves(folder)
    kept = json.loads((trained.folder / "metrics.json").read_text())
    for name in ("valid_loss", "valid_average_precision"):
        assert [v for _, v in told[f"learn/{name}"]] == pytest.approx([c[name] for c in kept["curves"]], rel=1e-5)
    assert [v for _, v in told["learn/epoch_train_loss"]] == pytest.approx([c["train_loss"] for c in kept["curves"]], rel=1e-5)
    assert len(told["refit/epoch_train_loss"]) == kept["epochs"] and "refit/valid_loss" not in told
    steps = [step for step, _ in told["learn/train_loss"]]
    assert len(steps) > 1 and steps == sorted(set(steps))
    assert told["learn/learning_rate"][0][1] < told["learn/learning_rate"][-1][1]  # the warm-up
    assert all(v > 0 for _, v in told["learn/epoch_seconds"])
    assert told["validation/average_precision"][0][1] == pytest.approx(kept["metrics"]["average_precision"])
    assert "_hparams_/experiment" in told


def test_the_settings_and_hyperparameters_stand_in_the_event_files(tmp_path):
    with Tracking(tmp_path, {"tuning": "last-3", "seed": 7}) as track:
        track.finish("m1", METRICS)
    started = next(
        v.metadata.plugin_data.content
        for e in events(tmp_path / "tensorboard" / "m1")
        for v in e.summary.value
        if v.tag == "_hparams_/session_start_info"
    )
    assert all(word in started for word in (b"tuning", b"last-3", b"batch_rows"))


def test_a_run_that_was_cancelled_keeps_its_curves_under_no_models_name(workspace, learn, monkeypatch):
    monkeypatch.setattr(fitting, "paced", lambda progress: progress)

    def cancel(step, done, message="", **figures):
        if "epoch 2" in message:
            raise Cancelled()

    with pytest.raises(Cancelled):
        learn(progress=cancel)
    (folder,) = (workspace.logs / "tensorboard").iterdir()
    assert folder.name.startswith("unfinished-") and len(curves(folder)["learn/valid_loss"]) == 1


def full(*_arguments):
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_stops_the_record_and_not_the_training(learn, monkeypatch, caplog):
    monkeypatch.setattr(EventsWriter, "write_event", full)
    assert (learn().folder / "manifest.json").exists()
    assert caplog.text.count("training goes on without TensorBoard event files: [Errno 28]") == 1


@pytest.mark.parametrize("broken", ["flush", "write_event", "__init__"])
def test_whatever_of_the_record_fails_is_said_once_and_stops_nothing(tmp_path, monkeypatch, caplog, broken):
    monkeypatch.setattr(EventsWriter, broken, full)
    with Tracking(tmp_path, {"seed": 7}) as track:
        for step in range(3):
            track("learn", step, {"train_loss": 0.5})
        track.finish("m1", METRICS)
    assert caplog.text.count("training goes on without TensorBoard event files: [Errno 28]") == 1


def test_without_the_package_that_writes_event_files_the_training_goes_on(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "tensorboardX.event_file_writer", None)
    with Tracking(tmp_path, {"seed": 7}) as track:
        track("learn", 1, {"train_loss": 0.5})
        track.finish("m1", METRICS)
    assert "goes on without TensorBoard" in caplog.text


# ---- Weights & Biases


class Wandb:
    """Stands for the package: notes what it is told."""

    def __init__(self):
        self.said, self.run = [], SimpleNamespace(config={}, summary={})
        self.run.define_metric = lambda *a, **k: self.said.append(("define", a, k))
        self.run.log = lambda values: self.said.append(("log", values))
        self.run.finish = lambda exit_code: self.said.append(("finish", exit_code))

    def init(self, **given):
        self.said.append(("init", given))
        return self.run

    def Settings(self, **given):
        return given


@pytest.fixture
def wandb(monkeypatch) -> Wandb:
    stand_in = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    return stand_in


@pytest.mark.parametrize(
    "environment", [{}, {"WANDB_MODE": "online"}, {"WANDB_MODE": "disabled", "WANDB_API_KEY": "k"}, {"WANDB_API_KEY": ""}]
)
def test_weights_and_biases_hears_nothing_unless_the_user_set_it_up(tmp_path, monkeypatch, wandb, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Tracking(tmp_path, {"seed": 7}) as track:
        track("learn", 10, {"train_loss": 0.5})
        track.finish("m1", METRICS)
    assert wandb.said == []


@pytest.mark.parametrize("environment", [{"WANDB_MODE": "offline"}, {"WANDB_API_KEY": "k"}])
def test_weights_and_biases_hears_settings_and_curves_once_it_is_set_up(tmp_path, monkeypatch, wandb, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with Tracking(tmp_path, {"seed": 7}) as track:
        track("learn", 10, {"train_loss": 0.5, "valid_loss": None})
        track.finish("m1", METRICS)
    kinds = [kind for kind, *_ in wandb.said]
    assert kinds == ["init", "define", "define", "log", "finish"]
    assert wandb.said[0][1]["config"] == {"seed": 7} and wandb.said[0][1]["project"] == "upswing"
    assert wandb.said[3][1] == {"learn/step": 10, "learn/train_loss": 0.5} and wandb.said[4][1] == 0
    assert wandb.run.name == "m1" and wandb.run.summary == {"average_precision": 0.4}


def test_weights_and_biases_out_of_reach_stops_neither_the_training_nor_the_event_files(tmp_path, monkeypatch, wandb, caplog):
    def unreachable(**given):
        raise ConnectionError("no network")

    monkeypatch.setenv("WANDB_API_KEY", "k")
    wandb.init = unreachable
    with Tracking(tmp_path, {}) as track:
        track("learn", 10, {"train_loss": 0.5})
        track.finish("m1", METRICS)
    assert curves(tmp_path / "tensorboard" / "m1")["learn/train_loss"] == [(10, 0.5)]
    assert "goes on without Weights & Biases: no network" in caplog.text
