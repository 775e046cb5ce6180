"""Files into the warehouse: plan every file, then load, check and merge them in one transaction."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import UserError
from core.ingest.convert import formats, money, privacy
from core.ingest.convert.staging import Staged, stage
from core.ingest.readers import files as readers
from core.ingest.readers import wide
from core.ingest.readers.text_table import Raw, add_beside, decide_formats, load
from core.ingest.recognise import joins, purchases, shop
from core.ingest.recognise import key_resolution as ids
from core.ingest.recognise import mapping as mappings
from core.ingest.recognise import value_checks as first_rows
from core.ingest.recognise.joins import Beside
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.names import by_plain, given_name, listed, near, plain, quoted
from core.ingest.recognise.planning import TablePlan, Unfit, plan_of
from core.ingest.recognise.rules import EVENT_COUNTS, RULES, target_column
from core.ingest.report import FileReport, ImportReport, TableReport
from core.ingest.store.merge import KNOWN, LINES, TOTALS, Merged, grain, merge
from core.progress import Progress, silent
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import keys, warehouse
from core.workspace import Workspace

WORKING_MEMORY = "700MB"  # of DuckDB, which spills to disk beyond it; Python and Arrow take about half as much again


@dataclass
class _Planned:
    """One source, what is added to its rows, what it feeds, and the identity of its file. Without plans it is left out, or only added to
    others."""

    path: Path
    sha256: str
    source: readers.Source
    beside: Beside | None
    plans: list[TablePlan] = field(default_factory=list)
    report: FileReport = field(init=False)

    def __post_init__(self):
        source = self.source
        self.report = FileReport(source.file, source.kind, source.encoding, source.delimiter, notes=list(source.notes))

    @property
    def columns(self) -> list[str]:
        """The source's own and those that are added to them."""
        return self.source.columns + list(self.beside.columns if self.beside else ())


def import_files(
    workspace: Workspace,
    files: list[Path],
    *,
    preset: str | None = None,
    mapping: str | Path | None = None,
    columns: tuple[str, ...] = (),
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Reads files into the workspace's warehouse through a preset or a mapping (default: the generic preset).

    columns: what the files call columns that the generic preset does not know, as "table.column = name"; remembered for later imports.

    All or nothing: an import that fails leaves the warehouse as it was. dry_run does the same work on a copy in memory and
    writes nothing. Raises UserError for files and mappings that do not fit, before anything is stored.
    """
    if not files:
        raise UserError("a file to import", "none", "name one or more files")
    chosen = _chosen(workspace, mappings.load(preset, mapping), columns)
    report = ImportReport(chosen.name, dry_run)
    with ExitStack() as stack:
        options = chosen.options
        opened = [
            (Path(f), s)
            for f in files
            for s in stack.enter_context(
                readers.opened(Path(f), encoding=options.encoding, delimiter=options.delimiter, sheet=options.sheet)
            )
        ]
        sources = [s for _, s in opened]
        sources = wide.in_rows(chosen, sources) if chosen.guesses else sources
        _refuse_unheard(columns, sources)
        hashes = {path: readers.sha256(path) for path in dict.fromkeys(p for p, _ in opened)}
        planned = [_Planned(path, hashes[path], source, _beside(chosen, source, sources)) for (path, _), source in zip(opened, sources)]
        planned = _plans(chosen, planned, sources, workspace)
        if not dry_run:
            workspace.create()
        with _warehouse(workspace, dry_run) as con:
            _import_all(con, workspace, chosen, planned, columns, report, progress, dry_run)
    progress("import", 1.0, "done")
    return report


def _chosen(workspace: Workspace, mapping: Mapping, columns: tuple[str, ...]) -> Mapping:
    """The mapping with what the shop calls its columns, now and in earlier imports."""
    if mapping.guesses:
        return mappings.called(mapping, (*columns, *workspace.settings().shop.columns))
    if columns:
        raise UserError("names of columns beside the generic preset", f"{mapping.name}, which names its own", "leave one of them out")
    return mapping


def _refuse_unheard(columns: tuple[str, ...], sources: list[readers.Source]) -> None:
    """Raises UserError for a name given to this import that none of its files has."""
    there = list(dict.fromkeys(c for source in sources for c in source.columns))
    for text in columns:
        name = text.partition("=")[2].strip()
        if plain(name) not in by_plain(there):
            hints = f" (near matches: {listed(found)})" if (found := near(name, there)) else ""
            raise UserError(f"the column that {text!r} names", f"columns {listed(there, 30)}", f"correct it{hints}")


@contextmanager
def _warehouse(workspace: Workspace, dry_run: bool):
    """A connection inside one transaction: the warehouse, or for a dry run a copy of it in memory.

    A first warehouse is built beside its place and moved there when it is whole.
    """
    fresh = not workspace.warehouse.exists()
    path = workspace.warehouse.with_suffix(".first") if fresh else workspace.warehouse
    with ExitStack() as stack:
        con = stack.enter_context(db.connect(None if dry_run else path, memory_limit=WORKING_MEMORY))
        if fresh and not dry_run:  # only now is it known that no other import is building it
            stack.callback(path.unlink, missing_ok=True)
            stack.callback(path.with_suffix(".first.wal").unlink, missing_ok=True)
        con.execute("begin").fetchall()
        warehouse.complete(con)
        if dry_run and not fresh:
            _copy(con, workspace)
        yield con  # an error leaves the transaction open; closing the connection rolls it back
        con.execute("commit").fetchall()
        con.close()
        if fresh and not dry_run:
            os.replace(path, workspace.warehouse)


def _copy(con, workspace: Workspace) -> None:
    """The stored tables into a connection of its own, for a dry run."""
    with db.connect(workspace.warehouse, read_only=True) as stored:
        for name in warehouse.columns(stored).keys() & warehouse.TABLES.keys():
            con.register("stored", stored.sql(f"select * from {name}").to_arrow_reader())
            con.execute(f"insert into {name} by name select * from stored").fetchall()
            con.unregister("stored")


# Planning


def _beside(mapping: Mapping, source: readers.Source, sources: list[readers.Source]) -> Beside | None:
    """What is added to this source's rows: by the mapping's [lookup], or what a guess finds."""
    if mapping.lookup is None:
        return joins.beside(mapping, source, sources)
    wanted = {mapping.lookup.key, *mapping.lookup.columns}
    found = next((s for s in sources if wanted <= set(s.columns)), None)
    if found is None:
        raise UserError(
            f"among the files one with the columns {', '.join(sorted(wanted))}",
            ", ".join(s.file for s in sources),
            "name that file too: the others are read through it",
        )
    columns = tuple(c for c in mapping.lookup.columns if c not in source.columns)
    if source is found or mapping.lookup.key not in source.columns or not columns:
        return None
    return Beside((found,), mapping.lookup.key, mapping.lookup.key, columns)


def _plans(mapping: Mapping, planned: list[_Planned], sources: list[readers.Source], workspace: Workspace) -> list[_Planned]:
    """The sources with what each feeds, in the order in which they are stored. Of several, those are left out that fit nothing."""
    added = [s for p in planned if p.beside is not None and not p.beside.one_each for s in p.beside.sources]
    unfit: list[Unfit] = []
    for p in planned:
        is_added = any(p.source is s for s in added)
        if is_added and joins.names_no_product(mapping, p.source):
            p.report.notes.append("it names no products: what it says is added to the rows of other files of this import")
            continue
        if joins.adds_nothing(mapping, p.source, sources):
            p.report.left_out = "it names no products, and files with the lines of its orders say the rest"
            continue
        try:
            meant = first_rows.where_an_id_is_an_orders(mapping, p.source)
            unit = joins.row_is_a_unit(meant, p.source, p.columns, are_lines=meant is not mapping)
            meant = first_rows.where_sales_are_units(meant, p.source)
            columns = first_rows.without_numbers_of_weeks(mapping, p.columns, p.source)
            dated = first_rows.dates_its_products(mapping, p.source)
            p.plans = plan_of(meant, given_name(p.path.name), columns, p.source.names, unit, dated)
            first_rows.refuse_parts_of_products(mapping, p.plans, p.source)
            first_rows.refuse_acts_of_customers(mapping, p.plans, p.source)
        except Unfit as error:
            p.plans = []
            unfit.append(error)
            p.report.left_out, p.report.ask = error.why, error.ask
    if unfit and not any(p.plans for p in planned):
        raise unfit[0]
    if mapping.guesses:
        stored, shared = _stored_ids(workspace), ids.with_shared_ids(mapping, [p.plans for p in planned], [p.columns for p in planned])
        for p, plans in zip(planned, shared):
            plans = ids.with_stored_ids(mapping, plans, p.columns, p.source, stored)
            p.plans = ids.with_stand_ins(mapping, plans, p.columns, p.source)
    for p in planned:
        if p.plans:
            _complete(mapping, p)
    return sorted(planned, key=lambda p: any(plan.undated for plan in p.plans))  # what is counted now is dated by the sales


def _stored_ids(workspace: Workspace) -> set[str]:
    if not workspace.warehouse.exists():
        return set()
    with db.connect(workspace.warehouse, read_only=True) as con:
        known = "select product_id from products" if "products" in warehouse.columns(con) else "select null where false"
        return {product for (product,) in con.execute(known).fetchall()}


def _complete(mapping: Mapping, p: _Planned) -> None:
    """The purchases in a log among the plans, personal data kept out, and what there is to say of it all."""
    bought = purchases.orders_of(mapping, p.plans, p.columns)
    plans = [ids.without_buyers_names(plan, p.source) if mapping.guesses else plan for plan in (*p.plans, *([bought] if bought else []))]
    plans = [_without_persons(plan, p.source, p.beside, mapping, p.report) for plan in plans]
    p.plans = [plan for plan in plans if not (plan.derived and len(plan.columns) < 2)]
    used = {s for plan in p.plans for fed in plan.columns.values() for s in fed.sources}
    p.report.unread = [c for c in p.source.columns if c not in used]
    if p.beside:
        alone = ", where it says only one" if p.beside.one_each else ""
        told_by = ", ".join(s.file for s in p.beside.sources)
        p.report.notes.append(f"{', '.join(p.beside.columns)} found in {told_by} by {p.beside.key_there}{alone}")
    main = p.plans[0]
    if main.table == "orders" and main.columns["units"].feed.constant is not None:
        p.report.notes.append("no column of units: each row is one unit, and equal rows are as many")
    elif main.table == "orders" and mapping.guesses and plain(main.columns["units"].sources[0]) == "sales":
        p.report.notes.append("column 'sales' is read as units: whole numbers, and no price beside them")


def _without_persons(plan: TablePlan, source: readers.Source, beside: Beside | None, mapping: Mapping, report: FileReport) -> TablePlan:
    """Leaves out columns of names, mails, phones and addresses; one that the mapping itself names is refused.

    Columns of ids are read, for they become pseudonyms.
    """
    table = plan.table
    of_buyers = table == "products" and privacy.lists_persons(source.columns) and not ids.names_goods(plan, source)
    about_people = table == "customers" or of_buyers
    read = {t: fed for t, fed in plan.columns.items() if t not in RULES[table].people}
    short = list(dict.fromkeys(c for t, fed in read.items() if _is_short_text(table, t) for c in fed.sources))
    sample: dict[str, list] = {}
    for where in (source, *(beside.sources if beside else ())):
        if here := [c for c in short if c in where.columns]:
            for column, cells in zip(here, where.sample(here).columns[2:]):
                sample.setdefault(column, []).extend(cells.to_pylist())
    kept = dict(plan.columns)
    for target, fed in read.items():
        for column in fed.sources:
            what = "a person's data by its name" if privacy.looks_personal(column, about_people=about_people) else ""
            if column in sample and not what:
                what = privacy.holds_personal(sample[column], attribute=table == "customers")
            if not what:
                continue
            kept.pop(target, None)
            if plan.derived and target == "title":
                kept["title"] = kept["product_id"]
            named = target in mapping.tables[table].feeds and not mapping.guesses
            if named or any(not kept.keys() & set(group) for group in RULES[table].needs):
                raise privacy.refuse(table, target, column, what)
            report.notes.append(f"column {column!r} looks like {what} and is not read")
    return replace(plan, columns=kept)


def _is_short_text(table: str, target: str) -> bool:
    """Columns whose values tell at a glance whether they are a person's; free text is masked instead."""
    short = ("category", "brand", "channel", "country", *(["title"] if table == "products" else []))
    return target_column(table, target) is None or target in short


# Doing


def _import_all(
    con,
    workspace: Workspace,
    mapping: Mapping,
    planned: list[_Planned],
    columns: tuple[str, ...],
    report: ImportReport,
    progress: Progress,
    dry_run: bool,
) -> None:
    """Imports every planned file, then infers the facts of the shop."""
    import_id = f"{db.rows(con, 'staging/next_import')[0]['number']:06d}"
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    secret = keys.customers_key(workspace, create=not dry_run)
    of_the_shop = shop.settings(con, workspace).shop.currency
    said = mapping.options.currency
    currency = said or of_the_shop
    renewed: set[str] = set()
    for number, p in enumerate(planned):
        report.files.append(p.report)
        if not p.plans:
            continue
        digest = mapping.digest + "".join(q.sha256 for q in planned if p.beside and any(q.source is s for s in p.beside.sources))
        coming = [later.sha256 + later.source.file for later in planned[number + 1 :]]
        rows = db.run(
            con, "staging/known_file", file=p.source.file, sha256=p.sha256, mapping_sha256=digest, currency=of_the_shop, coming=coming
        ).fetchone()[0]
        if rows and not any(RULES[plan.table].whole or plan.undated for plan in p.plans):
            p.report.main = TableReport(p.plans[0].table, read=rows, dropped={"this very file was imported before": rows})
            continue
        others = any(q.plans and q.plans[0].table == "orders" for q in planned)
        found = _import_source(con, mapping, p, secret, import_id, currency, renewed, others, _part(progress, number, len(planned)))
        if p.report.main.table != "suppliers":  # who may bill in currencies of their own
            currency, said = currency or found, said or found
        for t in (p.report.main, *p.report.derived):
            t.check()
            db.run(
                con,
                "staging/record_import",
                import_id=import_id,
                imported_at=moment,
                file=p.source.file,
                sha256=p.sha256,
                preset=mapping.name,
                table_name=t.table,
                rows_read=t.read,
                rows_kept=t.kept,
                rows_dropped=sum(t.dropped.values()),
                rows_quarantined=sum(t.quarantined.values()),
                first_day=t.first_day,
                last_day=t.last_day,
                mapping_sha256=digest,
                currency=of_the_shop,
            ).fetchall()
            if t.touched:
                db.run(con, "staging/touch", table_name=t.table, first_day=t.touched, import_id=import_id).fetchall()
    settings = _finish(con, workspace, shop.Said(import_id, said, mapping.options.segment_attribute, columns), report)
    db.run(con, "staging/settle_currency", currency=settings.shop.currency, import_id=import_id).fetchall()


def _part(progress: Progress, number: int, files: int) -> Progress:
    """The progress of one file among several as progress of them all."""
    return lambda step, done, message="", **figures: progress(step, (number + done) / files, message, **figures)


def _import_source(
    con, mapping: Mapping, p: _Planned, secret: bytes, import_id: str, currency: str, renewed: set[str], others: bool, progress: Progress
) -> str:
    """One source through staging into its tables. Returns the currency its amounts are in, "" if they do not say.

    renewed: the tables read as a whole list whose old list this import has taken away already. others: files of this import tell of orders.
    """
    wanted = {s for plan in p.plans for fed in plan.columns.values() for s in fed.sources}
    own = [c for c in p.source.columns if c in wanted or p.beside and c == p.beside.key]
    raw = load(con, p.source, own, "raw", progress)
    if p.beside:
        asked = [p.beside.key_there, *p.beside.columns]
        told = [load(con, source, asked, f"beside_{i}", progress) for i, source in enumerate(p.beside.sources)]
        raw = add_beside(con, raw, p.beside.key, told, p.beside.key_there, p.beside.columns, p.beside.one_each)
    decide_formats(con, raw, p.plans, mapping)
    p.report.notes += [f"column {c!r}: {remark}" for c, remark in raw.remarks.items()]
    plans = money.told_by_values(con, raw, p.plans, p.report.notes) if mapping.guesses else p.plans
    main, bought = None, 0
    purchases.none_yet(con)
    for plan in plans:
        if plan.bought and not bought:
            continue
        if plan.table == "orders" and not plan.bought:
            purchases.refuse_twice(con, p.source.file)
        if plan.undated:
            day, why = _day_of_stock(con, p.source.file)
            plan = plan.of_day(day)
            p.report.notes.append(f"no column of days: the stock is taken to be that of the end of {day}, {why}")
        progress("import", 0.6, f"{p.source.file}: checking {plan.table}")
        staged = stage(con, raw, plan, mapping, secret, currency=currency or raw.currency, told_by=main if plan.by_the_way else None)
        t = TableReport(plan.table, columns=_columns_read(raw, plan))
        t.read = con.execute(f"select count(*) from {quoted(staged.table)}").fetchone()[0]
        if not plan.by_the_way:
            t.quarantined = _quarantine(con, staged, import_id, p)
        if t.read and t.read == sum(t.quarantined.values()):
            p.report.notes.append(f"no row is fit for {plan.table}: look at the reasons, and correct the mapping or its [options]")
        elif RULES[plan.table].whole and plan.table not in renewed:
            con.execute(f"delete from {quoted(plan.table)}").fetchall()
            p.report.notes.append(f"read as the whole list of {plan.table}: it takes the place of the one before")
            renewed.add(plan.table)
        taken_as, left_out = LINES, {}
        if plan.table == "events" and (of_no_use := purchases.drop_others(con, staged)):
            left_out[purchases.OF_NO_USE] = of_no_use
        if any(later.bought for later in plans) and not plan.derived:
            bought, others = purchases.take(con, staged), others or purchases.told_by_others(con)
            left_out |= {purchases.TOLD_BY_OTHERS if others else purchases.AS_ORDERS: bought} if bought else {}
            bought = 0 if others else bought
        if plan.table == "orders" and not plan.bought:
            taken_as = {"day": TOTALS, "line": LINES}.get(mapping.options.grain) or grain(con, staged)
            p.report.notes.append(taken_as)
            if taken_as != LINES and "order_count" not in plan.columns:
                p.report.notes.append("no column counts its orders, so that each unit stands for one: give `order_count` if there is one")
        progress("import", 0.8, f"{p.source.file}: storing {plan.table}")
        merged = merge(con, staged, grain=taken_as, rolled_up=mapping.options.roll_up)
        _count(t, replace(merged, dropped=merged.dropped | left_out), plan, mapping)
        _refuse_another_reading(con, t, plan, p)
        if plan.derived:
            p.report.derived.append(t)
        else:
            main, p.report.main = staged, t
    for name in [raw.table, *(f"staged_{plan.table}" for plan in plans)]:
        con.execute(f"drop table if exists {quoted(name)}").fetchall()
    return raw.currency


def _day_of_stock(con, file: str) -> tuple[str, str]:
    """(ISO day, why that one) of a count that does not say its day."""
    if named := formats.day_in(file):
        return named, "which its name says"
    (last,) = con.execute("select max(cast(ordered_at as date)) from orders").fetchone()
    return (last.isoformat(), "the last day of sales") if last else (datetime.now().date().isoformat(), "today, since no sales are stored")


def _quarantine(con, staged: Staged, import_id: str, p: _Planned) -> dict[str, int]:
    """Stores the refused rows, in place of those of the same file before, and counts them by reason."""
    db.run(con, "staging/forget_refused", file=p.source.file, sha256=p.sha256, table_name=staged.plan.table).fetchall()
    con.execute(f"""create or replace temp view refused as
        select line, problem, problem_value from {quoted(staged.table)} where problem is not null""").fetchall()
    db.run(
        con,
        "staging/quarantine",
        import_id=import_id,
        file=p.source.file,
        table_name=staged.plan.table,
        columns=[c.column for c in staged.checks],
        reasons=[c.reason for c in staged.checks],
    ).fetchall()
    counts: Counter[str] = Counter()
    for problem, n in con.execute("select problem, count(*) from refused group by problem order by problem").fetchall():
        counts[staged.checks[problem - 1].reason] += n
    con.execute("drop view refused").fetchall()
    return dict(counts)


def _count(t: TableReport, merged: Merged, plan: TablePlan, mapping: Mapping) -> None:
    """Fills the counts; what was neither kept nor refused nor dropped for a reason was known or told before."""
    t.kept, t.replaced, t.dropped = merged.kept, merged.replaced, merged.dropped
    t.first_day, t.last_day = (d.isoformat() if d else None for d in (merged.first_day, merged.last_day))
    t.touched = merged.touched
    rest = t.read - t.kept - sum(t.dropped.values()) - sum(t.quarantined.values())
    if rest:
        why = "says what another line or the warehouse says" if plan.derived else KNOWN
        if t.table == "products" and mapping.options.roll_up:
            why = "one of several rows that make one product"
        t.dropped = t.dropped | {why: rest}


def _refuse_another_reading(con, t: TableReport, plan: TablePlan, p: _Planned) -> None:
    """A file that was imported before under another mapping must not count twice.

    Its rows may take the place of what they were then, or be more than were fit then; any others would stand beside what they were.
    """
    fit_before = db.run(con, "staging/fit_before", file=p.source.file, sha256=p.sha256, table_name=t.table).fetchone()[0]
    fit = t.read - sum(t.quarantined.values())
    counted = t.table in ("orders", "events", "reviews") and not set(EVENT_COUNTS) & set(plan.columns)
    if counted and fit_before is not None and (twice := t.kept - t.replaced - max(fit - fit_before, 0)) > 0:
        raise UserError(
            f"the rows of {p.source.file} to be what they were when it was imported before",
            f"{twice:,} for {t.table} that another mapping or currency read otherwise, and that would count twice",
            "import all files under the new mapping into a new workspace, or keep to the old mapping",
        )


def _columns_read(raw: Raw, plan: TablePlan) -> list[tuple[str, str, str]]:
    """(source, canonical column, how it is read) for the plan."""
    read = []
    for target, fed in plan.columns.items():
        column, source = target_column(plan.table, target), fed.sources[0] if fed.sources else None
        how = ""
        if target in RULES[plan.table].people:
            how = "pseudonym"
        elif source and column is not None and column.type in ("DOUBLE", "BIGINT"):
            how = {".": "number, decimal point", ",": "number, decimal comma"}.get(raw.decimals[source], "number")
        elif source and column is not None and column.type in ("DATE", "TIMESTAMP"):
            name = raw.dates[source]
            how = f"date like {formats.DATES[name].example}" if name in formats.DATES else f"date, {name}"
        read.append((fed.text(), target, how))
    return read


def _finish(con, workspace: Workspace, said: shop.Said, report: ImportReport) -> Settings:
    """What can only be said when all files are in: products without a description, the shop's settings, foreign prices."""
    untitled = db.run(con, "staging/unknown_products").fetchone()[0]
    if untitled:
        report.notes.append(f"{untitled:,} products are sold, viewed or reviewed but have no title: their id stands for it")
    settings, notes = shop.infer(con, workspace, said)
    foreign = db.run(con, "staging/foreign_prices", currency=settings.shop.currency).fetchone()[0]
    if foreign:
        report.notes.append(
            f"{foreign:,} products are priced in another currency than {settings.shop.currency}: their price and cost are left out"
        )
    abroad = db.run(con, "staging/foreign_minimums", currency=settings.shop.currency).fetchone()[0]
    if abroad:
        report.notes.append(
            f"{abroad:,} suppliers ask for minimum orders in another currency than "
            f"{settings.shop.currency or 'the shop, which says none'}: those are left out"
        )
    report.notes += [str(note) for note in notes]
    return settings
