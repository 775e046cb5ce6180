"""The command line. It parses, calls one function of core a command, prints what that did, and maps errors to exit codes.

0 = done, 2 = bad input or usage (one clear message, no traceback), 1 = a fault of ours.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import UpswingError, UserError
from core.progress import TerminalProgress
from core.storage import access, files, layout, startup
from core.workspace import Workspace


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    workspace = Workspace.at(arguments.workspace)
    progress = TerminalProgress()
    try:
        layout.version(workspace)  # a newer one is refused
        if arguments.command in _WRITING:
            startup.prepare(workspace)
        with access.waiting(access.COMMAND_WAIT_S, progress):
            arguments.command(workspace, arguments, progress)
        return 0
    except UpswingError as error:
        progress.close()
        print(f"upswing: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        progress.close()
        print("upswing: stopped; nothing half-written is served", file=sys.stderr)
        return 2
    finally:
        progress.close()


def _import(workspace, a, progress):
    from core.ingest import import_files

    report = import_files(
        workspace,
        [Path(f) for f in a.files],
        preset=a.preset,
        mapping=a.mapping,
        columns=tuple(a.column),
        dry_run=a.dry_run,
        progress=progress,
    )
    progress.close()
    print(report.text())
    if a.report:
        files.write_json(Path(a.report), report.as_dict())


def _features(workspace, a, progress):
    from core.features.build import build

    print_done(progress, build(workspace, progress=progress).text())


def _train(workspace, a, progress):
    from core.models.candidate import train

    settings = workspace.settings()
    given = {k: v for k, v in {"tuning": a.tuning, "since": a.since, "encoder": a.encoder}.items() if v is not None}
    print_done(progress, train(workspace, settings.with_values("model", **given), progress=progress).text())


def _score(workspace, a, progress):
    from core.capabilities.scoring import score

    print_done(progress, score(workspace, model=a.model, progress=progress).text())


def _publish(workspace, a, progress):
    from core.storage.snapshots import publish

    print_done(progress, f"published snapshot {publish(workspace, progress=progress)}")


def _run(workspace, a, progress):
    from core.jobs.pipeline import run

    print_done(progress, run(workspace, progress=progress))


def _backtest(workspace, a, progress):
    from core.evaluation.backtest import backtest

    print_done(
        progress,
        backtest(
            workspace,
            Path(a.out),
            train_until=a.train_until,
            test_from=a.test_from,
            test_until=a.test_until,
            blocks=_numbers(a.blocks),
            switches=None if a.switches is None else _names(a.switches),
            baselines=None if a.baselines is None else _names(a.baselines),
            progress=progress,
        ).text(),
    )


def _simulate(workspace, a, progress):
    from core.evaluation.simulate import simulate

    print_done(
        progress,
        simulate(
            workspace,
            Path(a.out),
            weeks=a.weeks,
            lead_times=_range(a.lead_times),
            target=a.target,
            backorders=a.backorders,
            products=a.products,
            seed=a.seed,
            baselines=None if a.baselines is None else _names(a.baselines),
            progress=progress,
        ).text(),
    )


def _tune(workspace, a, progress):
    from core.evaluation.tune import tune

    found = tune(
        workspace,
        trials=a.trials,
        minutes=a.minutes,
        until=a.until,
        tunings=tuple(a.tuning),
        encoders=tuple(a.encoder),
        apply=a.apply,
        progress=progress,
    )
    print_done(progress, found.text())
    if found.interrupted:
        raise KeyboardInterrupt


def _export(workspace, a, progress):
    from core.capabilities.inventory import plan
    from core.storage import snapshots

    rows = plan.export(workspace, Path(a.out)) if a.table == "plan" else snapshots.export(workspace, a.table, Path(a.out))
    print_done(progress, f"wrote {rows} rows to {a.out}")


def _snapshots(workspace, a, progress):
    from core.storage.snapshots import history

    for s in history(workspace):
        print(f"{'*' if s.current else ' '} {s.id}  as of {s.as_of}  model {s.model}  {s.created_at}")


def _rollback(workspace, a, progress):
    from core.storage.snapshots import rollback

    rollback(workspace, a.id)
    print(f"serving snapshot {a.id}")


def _models(workspace, a, progress):
    from core.models.registry import model, models

    if a.card:
        print(model(workspace, a.card).card())
        return
    for m in models(workspace):
        print(f"{'*' if m.champion else ' '} {m.id}  {m.status}  {m.summary}")


def _promote(workspace, a, progress):
    from core.models.registry import promote

    promote(workspace, a.id, reason=a.reason)
    print(f"model {a.id} is the champion; the next score uses it")


def _jobs(workspace, a, progress):
    from core.storage.state import State

    for j in State(workspace).jobs():
        print(f"{j.id:>4}  {j.kind:<8} {j.status:<12} {j.step or '':<10} {100 * j.done:3.0f}%  {j.message or ''}")


def _worker(workspace, a, progress):
    from core.jobs.worker import work

    work(workspace, once=a.once)


def _serve(workspace, a, progress):
    from core.serve import serve

    serve(workspace, port=a.port)


def _doctor(workspace, a, progress):
    from core.doctor import examine

    findings = examine(workspace)
    for f in findings:
        print(f"{'ok  ' if f.ok else 'FAIL'} {f.check}: {f.detail}")
    if not all(f.ok for f in findings):
        raise UpswingError("doctor found a problem; see FAIL above")


_WRITING = (_import, _features, _train, _score, _publish, _run, _backtest, _simulate, _tune, _rollback, _promote)


def _names(text: str) -> tuple[str, ...]:
    """`a,b` as an option's value."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _numbers(text: str) -> tuple[int, ...]:
    """`1,3` as an option's value."""
    try:
        return tuple(int(name) for name in _names(text))
    except ValueError as error:
        raise UserError("numbers like 1,3", repr(text), "correct the option") from error


def _range(text: str | None) -> tuple[int, int] | None:
    """`14-42` as an option's value."""
    if text is None:
        return None
    low, dash, high = text.partition("-")
    if not (low.isdigit() and dash and high.isdigit() and int(low) <= int(high)):
        raise UserError("a range of days like 14-42", repr(text), "correct the option")
    return int(low), int(high)


def print_done(progress, text: str) -> None:
    progress.close()
    print(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upswing", description="Which products are about to rise: for whom, why, and what to order.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=None, help="folder of one shop (default $UPSWING_WORKSPACE or ./workspace)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, help):
        p = commands.add_parser(name, parents=[common], help=help, description=help)
        p.set_defaults(command=function)
        return p

    p = command("import", _import, "files into the warehouse")
    p.add_argument("files", nargs="+", metavar="FILE")
    p.add_argument("--preset", help="a mapping that ships: generic (default), uci-online-retail, complete-journey, amazon-reviews")
    p.add_argument("--mapping", metavar="FILE", help="a mapping of your own (TOML)")
    p.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="TABLE.COLUMN=NAME",
        help="what your files call a column, e.g. orders.units=Menge; remembered for later imports",
    )
    p.add_argument("--dry-run", action="store_true", help="show the plan, write nothing")
    p.add_argument("--report", metavar="OUT.json", help="write what was read, kept, dropped and quarantined")
    command("features", _features, "warehouse to panel: features, labels, texts")
    p = command("train", _train, "panel to a candidate model")
    p.add_argument("--tuning", help="how the encoder learns: frozen, last-N layers, lora-R, adalora-R, adapters-W or full")
    p.add_argument("--since", metavar="DATE", help="first origin to learn from")
    p.add_argument("--encoder", help="minilm, or a local folder of a BERT-type checkpoint")
    p = command("score", _score, "model and latest features to forecasts, attributions, suggestions")
    p.add_argument("--model", metavar="ID", help="default: the champion")
    command("publish", _publish, "the scored tables to a new snapshot, checked, then served")
    command("run", _run, "features, train, score, publish; promotes the first model")
    p = command("backtest", _backtest, "what the model would have said, against baselines")
    p.add_argument("--out", required=True, metavar="DIR")
    p.add_argument("--train-until", metavar="DATE", help="last training origin")
    p.add_argument("--test-from", metavar="DATE", help="first test origin")
    p.add_argument("--test-until", metavar="DATE", help="last test origin")
    p.add_argument("--blocks", default="", metavar="1,3", help="only these blocks of origins (default: all)")
    p.add_argument(
        "--switches",
        nargs="?",
        const="",
        metavar="A,B",
        help="learn anew with each of the model's switches flipped, or with these: what is each worth?",
    )
    p.add_argument("--baselines", metavar="A,B", help="run only these baselines; '' for none (default: all)")
    p = command("simulate", _simulate, "the last year ordered by the forecast, and by what planners do without it")
    p.add_argument("--out", required=True, metavar="DIR")
    p.add_argument("--weeks", type=int, default=52, help="weeks that count, after 8 to fill the shelves (default 52)")
    p.add_argument("--lead-times", metavar="14-42", help="draw each product's lead time from so many days (default: the shop's own)")
    p.add_argument("--target", help="what a service level promises: cycle, fill, shop or cost (default: the shop's setting)")
    p.add_argument("--backorders", action="store_true", help="who finds nothing waits, instead of buying elsewhere")
    p.add_argument("--products", type=int, metavar="N", help="at most so many products, drawn once (default: all)")
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--baselines", metavar="A,B", help="run only these; '' for none (default: all)")
    p = command("tune", _tune, "search better numbers of the model's recipe for this shop; stop and resume at will")
    p.add_argument("--trials", type=int, metavar="N", help="until the study has N sets of numbers (default 30, without --minutes)")
    p.add_argument("--minutes", type=float, metavar="M", help="begin no set after M minutes")
    p.add_argument("--until", metavar="DATE", help="last origin it may know (default: the last before those that a backtest tests)")
    p.add_argument("--tuning", type=_names, default=(), metavar="A,B", help="tunings of the encoder to choose among as well")
    p.add_argument("--encoder", type=_names, default=(), metavar="A,B", help="encoders to choose among as well")
    p.add_argument("--apply", action="store_true", help="write the best set into upswing.toml")
    p = command("export", _export, "a serving table, or the plan with what planners changed, as CSV, Parquet or XLSX")
    p.add_argument("table", help="plan, or a serving table such as suggestions")
    p.add_argument("--out", required=True, metavar="FILE")
    command("snapshots", _snapshots, "list the snapshots")
    p = command("rollback", _rollback, "serve an earlier snapshot")
    p.add_argument("id")
    p = command("models", _models, "list the models, or print the card of one")
    p.add_argument("--card", metavar="ID", help="the model card of this one, Markdown")
    p = command("promote", _promote, "make a candidate the champion")
    p.add_argument("id")
    p.add_argument("--reason", default="promoted from the command line")
    command("jobs", _jobs, "list background jobs")
    p = command("worker", _worker, "run queued jobs")
    p.add_argument("--once", action="store_true", help="end when the queue is empty")
    p = command("serve", _serve, "the dashboard and its worker on the loopback address")
    p.add_argument("--port", type=int, default=8501)
    command("doctor", _doctor, "check the workspace: files, hashes, versions, device, encoder")
    return parser
