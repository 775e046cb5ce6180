"""The command line: where options may be, refusals and exit codes, JSON, languages, and what it loads and creates."""

from __future__ import annotations

import io
import json
import runpy
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from fixtures import commands
from fixtures.importing import ORDERS, PRODUCTS, stored, write
from fixtures.tiny_snapshot import write_scored

from core.cli import main
from core.cli.app import tree
from core.cli.session import asked_language
from core.progress import TerminalProgress
from core.storage import snapshots
from core.storage.state import State
from core.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]
NAMES = sorted(commands.names())
PRINTS_NO_RESULT = {"demo", "serve", "worker"}
NEEDS_A_WORKSPACE = sorted(commands.names() - {"import", "demo", "serve"})
ARGUMENTS = {
    "export": ["plan", "--out", "plan.csv"],
    "rollback": ["x"],
    "pictures": ["photos"],
    "promote": ["x"],
    "explain": ["x", "--out", "x.json"],
    "report": ["--out", "r.html"],
    "recommend": ["17850"],
    "identify": ["--customers", "ids.csv", "--out", "l.csv"],
    "backtest": ["--out", "b"],
    "simulate": ["--out", "s"],
}


@pytest.fixture
def files(tmp_path) -> list[str]:
    return [str(write(tmp_path, "products.csv", PRODUCTS)), str(write(tmp_path, "orders.csv", ORDERS))]


# ---- where options may be


@pytest.mark.parametrize("before", [True, False])
def test_the_workspace_may_be_named_before_and_after_the_command(tmp_path, files, before, capsys):
    folder = ["--workspace", str(tmp_path / "shop")]
    assert main([*folder, "import", *files] if before else ["import", *files, *folder]) == 0
    assert stored(Workspace(tmp_path / "shop"), "select count(*) from orders") == [(3,)]


def test_the_workspace_after_the_command_wins(tmp_path, workspace, capsys):
    assert main(["--workspace", str(tmp_path / "other"), "jobs", "--workspace", str(workspace.root)]) == 0


def test_the_workspace_comes_from_the_environment_where_none_is_named(workspace, monkeypatch, capsys):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(workspace.root))
    assert main(["jobs", "--json"]) == 0 and json.loads(capsys.readouterr().out) == []


def test_switches_without_a_value_are_all_of_them():
    assert commands.parsed(["backtest", "--out", "b"])[1]["switches"] is None
    assert commands.parsed(["backtest", "--switches", "--out", "b"])[1]["switches"] == ""
    assert commands.parsed(["backtest", "--out", "b", "--switches"])[1]["switches"] == ""
    assert commands.parsed(["backtest", "--out", "b", "--switches", "a,b"])[1]["switches"] == "a,b"


def test_every_option_of_0_1_0_is_still_taken():
    for words in (
        "import a.csv b.csv --preset generic --mapping m.toml --column orders.units=Menge --column a.b=c --dry-run --report r.json",
        "train --tuning last-3 --since 2024-01-01 --encoder minilm",
        "score --model m",
        "backtest --out d --train-until d --test-from d --test-until d --blocks 1,3 --switches a --baselines a,b",
        "simulate --out d --weeks 4 --lead-times 14-42 --target fill --backorders --products 9 --seed 1 --baselines a",
        "tune --trials 3 --minutes 2.5 --until d --tuning a,b --encoder a,b --apply",
        "export plan --out p.csv",
        "rollback s",
        "models --card m",
        "promote m --reason r",
        "worker --once",
        "serve --port 8502",
    ):
        name, given = commands.parsed([*words.split(), "--workspace", "w"])
        assert name == words.split()[0] and given["workspace"] == "w"
    assert commands.parsed(["simulate", "--out", "d"])[1] | {"weeks": 52, "seed": 7} == commands.parsed(["simulate", "--out", "d"])[1]
    assert commands.parsed(["serve"])[1]["port"] == 8501


# ---- refusals


@pytest.mark.parametrize(
    "words, found",
    [
        (["forecast"], "no command forecast"),
        (["run", "--fast"], "no option --fast"),
        (["import"], "FILE is missing"),
        (["backtest"], "--out is missing"),
        (["serve", "--port", "many"], "It is a whole number"),
        (["serve", "--port"], "--port has no value"),
        (["jobs", "more"], "more"),
        (["jobs", "--lang", "fr"], "It is one of en, zh"),
        (["backtest", "--out", "b", "--blocks", "one"], "numbers like 1,3"),
        (["simulate", "--out", "s", "--lead-times", "42-14"], "days like 14-42"),
    ],
)
def test_bad_usage_is_refused_in_one_message_with_2(workspace, words, found, capsys, monkeypatch):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(workspace.root))
    assert main(words) == 2
    said = capsys.readouterr()
    assert found in said.err and said.err.startswith("upswing: ") and "Traceback" not in said.err and said.out == ""


def test_a_mistyped_command_is_answered_with_similar_ones(capsys):
    assert main(["imprt", "a.csv"]) == 2
    assert "Similar commands are import." in capsys.readouterr().err


def test_no_command_shows_the_help_with_2(capsys):
    assert main([]) == 2
    assert "import" in capsys.readouterr().out


def test_a_fault_of_ours_keeps_its_traceback(workspace, monkeypatch):
    monkeypatch.setattr("core.storage.snapshots.history", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["snapshots", "--workspace", str(workspace.root)])


def test_ctrl_c_ends_with_2(workspace, monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("core.storage.snapshots.publish", stopped)
    assert main(["publish", "--workspace", str(workspace.root)]) == 2
    assert "Stopped" in capsys.readouterr().err


# ---- a workspace that is not there


@pytest.mark.parametrize("name", NEEDS_A_WORKSPACE)
def test_a_command_on_a_folder_that_does_not_exist_creates_nothing(tmp_path, name, capsys):
    missing = tmp_path / "typo"
    assert main([name, *ARGUMENTS.get(name, []), "--workspace", str(missing)]) == 2
    assert f"There is no workspace at {missing}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_similar_workspaces_beside_a_missing_one_are_named(tmp_path, capsys):
    (tmp_path / "my-shop").mkdir()
    (tmp_path / "my-shop" / "upswing.toml").touch()
    (tmp_path / "my-shoes").mkdir()  # a folder, but no workspace
    assert main(["jobs", "--workspace", str(tmp_path / "my-shp")]) == 2
    said = capsys.readouterr().err
    assert "my-shop" in said and "my-shoes" not in said


@pytest.mark.parametrize("name", ["jobs", "models", "snapshots", "export"])
def test_a_reading_command_leaves_an_empty_folder_empty(workspace, name, capsys):
    main([name, *ARGUMENTS.get(name, []), "--workspace", str(workspace.root)])
    assert list(workspace.root.iterdir()) == []


# ---- JSON


def keys(workspace: Workspace, capsys, *words: str) -> set[str]:
    """The keys of what a command prints as JSON; its first element's, of a list."""
    assert main([*words, "--json", "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    return set(found[0] if isinstance(found, list) else found)


def test_every_command_that_lists_or_reports_takes_json():
    assert {name for name in NAMES if "--json" not in commands.options(name)} == PRINTS_NO_RESULT


def test_import_prints_its_report_as_json(workspace, files, capsys):
    assert keys(workspace, capsys, "import", *files) >= {"mapping", "dry_run", "totals", "files", "notes"}


def test_snapshots_are_listed_published_and_exported_as_json(workspace, tmp_path, capsys):
    write_scored(workspace)
    assert keys(workspace, capsys, "publish") == {"snapshot"}
    assert keys(workspace, capsys, "snapshots") == {"snapshot", "as_of", "model", "created_at", "current"}
    assert keys(workspace, capsys, "export", "products", "--out", str(tmp_path / "p.csv")) == {"table", "rows", "out"}
    assert keys(workspace, capsys, "rollback", snapshots.history(workspace)[0].id) == {"snapshot"}


def test_jobs_are_listed_as_json(workspace, capsys):
    State(workspace).add_job("retrain", {}, "ana")
    assert keys(workspace, capsys, "jobs") == {
        "job", "kind", "status", "step", "done", "message", "error", "eta_s", "created_at", "started_at", "ended_at", "actor",
    }  # fmt: skip


def test_doctor_prints_its_findings_as_json_also_where_it_finds_a_problem(workspace, capsys, monkeypatch):
    from core.doctor import Finding

    monkeypatch.setattr("core.doctor.examine", lambda _: [Finding("disk", False, "full")])
    assert main(["doctor", "--json", "--workspace", str(workspace.root)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == [{"check": "disk", "ok": False, "detail": "full"}] and "FAIL" in said.err


def test_steps_print_what_they_did_as_json(workspace, capsys, monkeypatch):
    from core.features.build import Built

    built = Built(date(2024, 3, 1), "orders", 3, 40, ["all"], None)
    monkeypatch.setattr("core.features.build.build", lambda *_, **__: built)
    monkeypatch.setattr("core.jobs.pipeline.run", lambda *_, **__: {"text": "", "model": "m", "champion": "m", "snapshot": "s"})
    assert keys(workspace, capsys, "features") == {"as_of", "signal", "origins", "rows", "segments", "days_rebuilt_from"}
    assert keys(workspace, capsys, "run") == {"model", "champion", "snapshot"}


# ---- help, languages, completion


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help_with_an_example(name, language, capsys):
    assert main([name, "-h", "--lang", language]) == 0
    said = capsys.readouterr().out
    assert f"upswing {name}" in said.split("Examples:" if language == "en" else "示例：")[1]


def test_the_help_groups_commands_by_task_and_names_each_once(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"─ {title} " in said for title in ("Start", "Forecast step by step", "Check and improve", "Use the results", "Operate"))
    assert all(said.count(f"│ {name} ") == 1 for name in NAMES)


def test_the_help_is_chinese_where_that_is_asked_for(capsys):
    assert main(["--lang", "zh", "import", "--help"]) == 0
    said = capsys.readouterr().out
    assert "用法" in said and "参数" in said and "示例" in said


def test_every_help_text_has_its_chinese():
    english, chinese = tree(), tree("zh")
    for name in NAMES:
        assert english.commands[name].help != chinese.commands[name].help, name
        for one, other in zip(english.commands[name].params, chinese.commands[name].params, strict=True):
            assert one.help != other.help, (name, one.name)


def test_messages_come_in_the_language_asked_for(workspace, tmp_path, capsys):
    orders = tmp_path / "orders.csv"
    orders.write_text("ordered_at,product_id,units,order_id\n2024-03-01,A1,2,o1\n2024-03-02,A1,1,o2\n")
    assert main(["snapshots", "--workspace", str(workspace.root), "--lang", "zh"]) == 0
    assert "还没有" in capsys.readouterr().out
    assert main(["jobs", "--lang=zh", "--workspace", str(tmp_path / "none")]) == 2
    assert "工作区" in capsys.readouterr().err
    assert main(["import", str(orders), "--dry-run", "--workspace", str(workspace.root), "--lang", "zh"]) == 0
    assert "一行代表一条订单明细" in capsys.readouterr().out
    assert main(["--lang", "zh", "forecast"]) == 2
    assert "命令" in capsys.readouterr().err


def test_the_language_comes_from_the_option_then_from_the_environment():
    assert asked_language(["jobs"], {"LANG": "zh_CN.UTF-8"}) == "zh"
    assert asked_language(["jobs", "--lang", "en"], {"LANG": "zh_CN.UTF-8"}) == "en"
    assert asked_language(["jobs", "--lang"], {}) == "en"


def test_the_shell_completes_commands():
    environment = {"_UPSWING_COMPLETE": "complete_bash", "COMP_WORDS": "upswing sna", "COMP_CWORD": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-m", "core"], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["snapshots"], done.stderr


# ---- progress, quickness


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_and_nothing_stays_of_it():
    screen = Terminal()
    progress = TerminalProgress(screen)
    for step in ("features", "train"):
        for done in (0.0, 0.5, 1.0):
            progress(step, done, "a note")
    progress.close()
    written = screen.getvalue()
    assert "Preparing data" in written and "Training" in written
    assert written.count("\n") == 1 and written.rstrip().endswith("\x1b[2K")  # the cursor leaves the line once, to erase it at the end


def test_a_file_gets_one_line_a_step():
    stream = io.StringIO()
    progress = TerminalProgress(stream, language="en")
    for step, done in (("features", 0.1), ("features", 1.0), ("train", 0.5)):
        progress(step, done)
    progress.close()
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == ["Preparing data", "Training"]


def test_quiet_shows_no_progress():
    stream = io.StringIO()
    progress = TerminalProgress(stream, quiet=True)
    progress("features", 0.5)
    progress.close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("words", [["--help"], ["jobs"], ["snapshots"]])
def test_help_and_lists_load_neither_torch_nor_duckdb_nor_streamlit(workspace, words):
    heavy = {"torch", "transformers", "shap", "streamlit", "plotly", "lightgbm", "sklearn", "optuna"} | (
        {"duckdb"} if "jobs" in words else set()
    )
    code = f"import sys\nfrom core.cli import main\nmain({words!r})\nprint(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    environment = {"UPSWING_WORKSPACE": str(workspace.root), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.stderr.strip().endswith("[]"), done.stderr


def test_the_reference_of_the_command_line_is_what_the_commands_say_now():
    script = runpy.run_path(str(REPOSITORY / "scripts" / "cli_reference.py"))
    assert script["FILE"].read_text(encoding="utf-8") == script["text"](), "run: make docs"


LEAKY = """
import atexit, sys, threading, time
from core import __main__ as entry, cli

def command():
    import duckdb
    sys.kept = duckdb.connect()  # as libraries keep it alive until the interpreter ends
    atexit.register(print, "cleaned up")
    threading.Thread(target=lambda: (time.sleep(0.05), print("waited for"))).start()
    print("done", end=" ")
    return 2

cli.main = command
entry.run()
"""


def test_a_command_ends_with_its_exit_code_its_whole_output_and_nothing_of_what_libraries_print_at_the_end():
    done = subprocess.run([sys.executable, "-c", LEAKY], cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "done waited for\ncleaned up\n", "")
