"""Commands that serve: forecasts and snapshots, the dashboard, its worker and its jobs, and the check of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core.cli.command import OPERATE, START, STEPS, USE, argument, command, option
from core.cli.session import Session
from core.errors import UpswingError
from core.messages import lines, msg, show

Port = Annotated[int, option("--port", msg("Port of this machine's loopback address."), "N")]


@command(
    "demo",
    START,
    msg("Build the sample shop (only once; takes a few minutes) and serve it."),
    "upswing demo",
    "upswing demo --port 8502",
    creates=True,
    prepares=False,
    reports=False,
    workspace="workspace-demo",
)
def demo(session: Session, port: Port = 8501) -> None:
    from core.demo import demo

    demo(session.workspace, port, progress=session.progress, tell=session.say)


@command(
    "run",
    START,
    msg("Build features, train, score and publish. The first model is promoted."),
    "upswing run",
    "upswing run --replay",
)
def run(
    session: Session,
    replay: Annotated[bool, option("--replay", msg("Replay past updates too, as `upswing replay` does."))] = False,
) -> None:
    from core.jobs.pipeline import run

    done = run(session.workspace, progress=session.progress, replayed=replay)
    session.report(done["text"], {name: done[name] for name in ("model", "champion", "snapshot")})


@command(
    "serve",
    START,
    msg("Serve the dashboard and its worker on the loopback address."),
    "upswing serve",
    "upswing serve --workspace my-shop --port 8502",
    "upswing serve --api",
    creates=True,
    prepares=False,
    reports=False,
)
def serve(
    session: Session,
    port: Port = 8501,
    api: Annotated[bool, option("--api", msg("Also serve forecasts and recommendations to the shop's own programs over HTTP."))] = False,
    api_port: Annotated[int, option("--api-port", msg("Port of that service."), "PORT")] = 8600,
) -> None:
    from core.serve import serve

    serve(session.workspace, port, session.say, api_port if api else None)


@command(
    "score",
    STEPS,
    msg("Forecast with a model: probabilities, drivers and order suggestions."),
    "upswing score",
    "upswing score --model 20260314-091500",
)
def score(
    session: Session,
    model: Annotated[str | None, option("--model", msg("The model; default the champion."), "ID")] = None,
    engine: Annotated[str, option("--engine", msg("Where the SQL runs: duckdb, or spark, an extra."))] = "duckdb",
) -> None:
    from core.capabilities.scoring import score

    scored = score(session.workspace, model=model, engine=engine, progress=session.progress)
    session.report(scored.text(), scored)


@command("publish", STEPS, msg("Check the scored tables, make them a snapshot and serve it."), "upswing publish")
def publish(session: Session) -> None:
    from core.jobs import alert
    from core.storage.snapshots import publish

    snapshot = publish(session.workspace, progress=session.progress)
    alert(session.workspace, "publish")
    session.report(msg("Published snapshot {snapshot}.", snapshot=snapshot), {"snapshot": snapshot})


@command(
    "explain",
    USE,
    msg("Write the drivers of one forecast, as a page or for shap's plots."),
    "upswing explain LAMP-01 --out lamp.html",
    "upswing explain LAMP-01 --segment DE --out lamp.json",
    writes=False,
)
def explain(
    session: Session,
    product: Annotated[str, argument("PRODUCT", msg("Identifier of the product."))],
    out: Annotated[str, option("--out", msg("File to write: .html or .json."), "FILE")],
    segment: Annotated[str, option("--segment", msg("Customer segment; `all` stands for all customers."), "NAME")] = "all",
) -> None:
    from core.capabilities.forecast.explain import export

    record = export(session.workspace, product, segment, Path(out), session.progress)
    session.report(msg("The forecast of {product} is explained in {file}.", product=product, file=out), record)


@command(
    "report",
    USE,
    msg("Write the weekly report as one HTML page, and as PDF."),
    "upswing report --out week.html",
    "upswing report --out week.html --pdf --lang zh",
    writes=False,
)
def report(
    session: Session,
    out: Annotated[str, option("--out", msg("File to write: .html."), "FILE")],
    pdf: Annotated[
        bool, option("--pdf", msg("Also print it as a PDF in the same folder, with this machine's Chromium, Chrome or Edge."))
    ] = False,
) -> None:
    from core.report import write

    written = write(session.workspace, Path(out), session.language, as_pdf=pdf)
    session.report(msg("The weekly report is in {files}.", files=[str(file) for file in written]), {"files": written})


@command(
    "notify",
    USE,
    msg("Send the weekly e-mail and new alerts now, as the settings say."),
    "upswing notify",
    "upswing notify --test",
)
def notify(session: Session, test: Annotated[bool, option("--test", msg("Send only a test message."))] = False) -> None:
    from core.notifications import jobs

    sent = (jobs.test_message if test else jobs.everything)(session.workspace, {}, session.progress)
    session.report(sent["text"], {"text": sent["text"]})


@command("snapshots", USE, msg("List the snapshots."), "upswing snapshots", writes=False)
def snapshots(session: Session) -> None:
    from core.storage.snapshots import history

    found = history(session.workspace)
    rows = [
        msg(
            "{mark} {snapshot}  data to {as_of}  model {model}  {created_at}",
            mark="*" if s.current else " ",
            snapshot=s.id,
            as_of=s.as_of,
            model=s.model,
            created_at=s.created_at,
        )
        for s in found
    ]
    session.report(
        lines(*rows) if rows else msg("There are no snapshots yet. Run `upswing run` to make the first."),
        [{"snapshot": s.id, "as_of": s.as_of, "model": s.model, "created_at": s.created_at, "current": s.current} for s in found],
    )


@command("rollback", USE, msg("Serve an earlier snapshot."), "upswing rollback 20260314-091500-123")
def rollback(session: Session, id: Annotated[str, argument("ID", msg("The snapshot, as `upswing snapshots` lists it."))]) -> None:
    from core.storage.snapshots import rollback

    rollback(session.workspace, id)
    session.report(msg("Serving snapshot {snapshot}.", snapshot=id), {"snapshot": id})


@command("jobs", OPERATE, msg("List background jobs."), "upswing jobs", "upswing jobs --json", writes=False)
def jobs(session: Session) -> None:
    from core.jobs import kinds
    from core.storage.state import State

    found = State(session.workspace).jobs() if session.workspace.state.exists() else []
    planned = []
    if session.workspace.own_settings().schedule.on:
        from core.jobs import schedule  # it looks into the warehouse, which takes longer than the list of jobs

        planned = schedule.planned(session.workspace, session.workspace.settings())
    ahead = [msg("Next {kind}: {time}", kind=kinds.label(p.kind), time=f"{p.next_at:%Y-%m-%d %H:%M %Z}") for p in planned]
    rows = [
        f"{j.id:>4}  {j.kind:<8} {j.status:<12} {j.step or '':<10} {100 * j.done:3.0f}%  {show(j.message or '', session.language)}"
        for j in found
    ]
    names = ("kind", "status", "step", "done", "message", "error", "eta_s", "created_at", "started_at", "ended_at", "actor")
    session.report(
        lines(*rows, *ahead) if rows or ahead else msg("There are no jobs yet. The dashboard starts them."),
        [{"job": j.id, **{name: getattr(j, name) for name in names}} for j in found],
    )


@command("worker", OPERATE, msg("Run queued jobs."), "upswing worker --once", prepares=False, reports=False)
def worker(session: Session, once: Annotated[bool, option("--once", msg("End when the queue is empty."))] = False) -> None:
    from core.jobs.worker import work

    work(session.workspace, once=once)


@command(
    "doctor",
    OPERATE,
    msg("Check the workspace: files, hashes, versions, device, encoder."),
    "upswing doctor --workspace my-shop",
    writes=False,
)
def doctor(session: Session) -> None:
    from core.doctor import examine

    findings = examine(session.workspace)
    session.report(
        "\n".join(f"{'ok  ' if f.ok else 'FAIL'} {f.check}: {show(f.detail, session.language)}" for f in findings),
        [{"check": f.check, "ok": f.ok, "detail": show(f.detail, session.language)} for f in findings],
    )
    if not all(f.ok for f in findings):
        raise UpswingError(msg("Doctor found a problem. The lines that begin with FAIL say which."))
