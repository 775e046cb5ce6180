"""Commands that move data: a shop's files in, features, tables out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer._click import exceptions  # typer's own copy of click: the pin of typer holds it still

from core.cli import answers
from core.cli.command import START, STEPS, USE, argument, command, option
from core.cli.session import Session
from core.errors import UserError
from core.messages import msg
from core.storage import private


def _files_or_undo(ctx: typer.Context, param: typer.CallbackParam, value: list[str] | None) -> list[str] | None:
    """Refuse an import that names neither files nor an import to undo."""
    if not value and not ctx.params.get("undo"):
        raise exceptions.MissingParameter(ctx=ctx, param_hint="FILE", param_type="argument")
    return value


@command(
    "import",
    START,
    msg("Read a shop's files into the warehouse."),
    "upswing import orders.csv products.xlsx reviews.jsonl",
    "upswing import export.csv --column orders.units=Menge --dry-run",
    'upswing import orders.csv --state "Partially paid=sale" --time-zone Europe/Berlin',
    "upswing import --undo 12 --dry-run",
    creates=True,
    more={flag.parameter: flag.annotation for flag in answers.FLAGS},
)
def import_(
    session: Session,
    files: Annotated[
        list[str] | None, argument("FILE", msg("CSV, Excel, JSON or Parquet files, or folders of them."), callback=_files_or_undo)
    ] = None,
    preset: Annotated[
        str | None,
        option("--preset", msg("A built-in mapping: generic (default), uci-online-retail, complete-journey, amazon-reviews."), "NAME"),
    ] = None,
    mapping: Annotated[str | None, option("--mapping", msg("A mapping of your own, in TOML."), "FILE")] = None,
    undo: Annotated[
        str | None,
        option(
            "--undo",
            msg("Undo this import: the warehouse becomes what it would be without it. With --dry-run, only show what would change."),
            "ID",
            is_eager=True,
        ),
    ] = None,
    dry_run: Annotated[bool, option("--dry-run", msg("Show the plan and write nothing."))] = False,
    report: Annotated[
        str | None, option("--report", msg("Also write to a file how many rows were read, kept, skipped and rejected."), "OUT.json")
    ] = None,
    **given: list[str] | None,
) -> None:
    from core.ingest import import_files, undo_import

    if undo:
        if files:
            raise UserError(
                found=msg("The command has both files and --undo."),
                expected=msg("Name files to import, or undo an import with --undo ID."),
                to_do=msg("Leave one of them out."),
            )
        taken_back = undo_import(session.workspace, undo, dry_run=dry_run, progress=session.progress)
        session.report(taken_back.text(), taken_back.as_dict())
        return
    done = import_files(
        session.workspace,
        [Path(file) for file in files or ()],
        preset=preset,
        mapping=mapping,
        answers=answers.read(given),
        dry_run=dry_run,
        progress=session.progress,
    )
    session.report(done.text(), done.as_dict())
    if report:
        from core.storage import files as storage_files

        private.share(storage_files.write_json(Path(report), done.as_dict()))
    if empty := done.not_kept():
        raise UserError(
            found=msg("No row of {files} is kept.", files=empty),
            expected=msg("An import must keep at least one row of each file."),
            to_do=msg("See the reasons in the report, and export the file again or answer with flags."),
        )


@command(
    "pictures",
    START,
    msg("Add product pictures: images named after product numbers."),
    "upswing pictures photos/",
    "upswing pictures photos.zip LAMP-01.jpg",
)
def pictures(
    session: Session,
    sources: Annotated[list[str], argument("FOLDER", msg("Folders, .zip archives or images (PNG, JPEG, WebP)."))],
) -> None:
    from core.pictures import add

    added = add(session.workspace, [Path(source) for source in sources], session.progress)
    unusable = [{"file": name, "reason": reason} for name, reason in added.unusable]
    session.report(added.text(), {"stored": added.stored, "total": added.total, "unknown": added.unknown, "unusable": unusable})


@command(
    "numbers",
    USE,
    msg("Show old and new product numbers and kits, propose others, and store those that you confirm."),
    "upswing numbers",
    "upswing numbers --confirm A1=A2 --confirm B1=B2",
    "upswing numbers --confirm K3=K4 --kind successor",
    "upswing numbers --separate A1=A2",
)
def numbers(
    session: Session,
    confirm: Annotated[
        list[str] | None, option("--confirm", msg("The history of the old number counts to the new one. Repeat it for more."), "OLD=NEW")
    ] = None,
    kind: Annotated[
        Literal["renamed", "merged", "successor"] | None,
        option("--kind", msg("How the old number relates to the new one; default: as proposed, else renamed.")),
    ] = None,
    separate: Annotated[
        list[str] | None,
        option("--separate", msg("The two numbers are different products, even if they were confirmed as one before."), "OLD=NEW"),
    ] = None,
) -> None:
    from core.ingest import Decision, decide, number_map

    if not (confirm or separate):
        found = number_map(session.workspace)
        session.report(found.text(), found.as_dict())
        return
    proposed = {(p.old.product_id, p.new.product_id): p.kind for p in number_map(session.workspace).proposals}
    decisions = [Decision(*pair, kind or proposed.get(pair, "renamed")) for pair in map(_pair, confirm or ())]
    decisions += [Decision(*pair, "separate") for pair in map(_pair, separate or ())]
    done = decide(session.workspace, decisions, session.progress)
    session.report(done.text(), done.as_dict())


def _pair(given: str) -> tuple[str, str]:
    """Return the two numbers of OLD=NEW. Raises UserError for anything else."""
    old, sign, new = (part.strip() for part in given.rpartition("="))
    if not (old and sign and new):
        raise UserError(
            found=msg("{pair} does not name two product numbers.", pair=repr(given)),
            expected=msg("They are given as {form}.", form="OLD=NEW"),
            to_do=msg("Correct it, as in `--confirm A1=A2`."),
        )
    return old, new


@command(
    "features",
    STEPS,
    msg("Build the panel of features and labels from the warehouse."),
    "upswing features",
    "upswing features --engine spark",
)
def features(
    session: Session, engine: Annotated[str, option("--engine", msg("Where the SQL runs: duckdb, or spark, an extra."))] = "duckdb"
) -> None:
    from core.features.build import build

    built = build(session.workspace, engine=engine, progress=session.progress)
    session.report(built.text(), built)


@command(
    "export",
    USE,
    msg("Write a serving table, or the order plan with planners' changes, as CSV, Parquet or Excel."),
    "upswing export suggestions --out suggestions.csv",
    "upswing export plan --out plan.xlsx",
    writes=False,
)
def export(
    session: Session,
    table: Annotated[str, argument("TABLE", msg("plan, or a serving table such as suggestions."))],
    out: Annotated[str, option("--out", msg("File to write; its ending chooses the format: .csv, .parquet or .xlsx."), "FILE")],
) -> None:
    from core.capabilities.inventory import plan
    from core.storage import snapshots

    rows = plan.export(session.workspace, Path(out)) if table == "plan" else snapshots.export(session.workspace, table, Path(out))
    private.share(Path(out))
    session.report(msg("Wrote {rows} rows to {file}.", rows=rows, file=out), {"table": table, "rows": rows, "out": out})
