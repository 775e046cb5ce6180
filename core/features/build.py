"""From canonical tables to the panel: the daily aggregate, neighbours, labels and the panel's rows, each a stored query."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from core import __version__
from core.errors import NotReady, UserError
from core.features.definitions import FEATURES
from core.features.labels import label
from core.features.neighbours import nearest, nearest_until
from core.messages import Message, msg, nmsg
from core.models.calibrate import FOLLOWED_ORIGINS
from core.progress import Progress, silent
from core.schema import DEMAND_WEEKS, SIGNALS
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import files, warehouse
from core.workspace import Workspace

_ORIGINS_A_CHUNK = 16  # bounds memory: window sums of this many origins at once
_STEPS = (
    "placed",
    "year_windows",
    "recent_windows",
    "attention_windows",
    "review_windows",
    "windows",
    "lift_memory",
    "surges",
    "neighbour_memory",
    "surroundings",
    "campaigns",
    "stock_windows",
    "market_series",
    "outcomes",
)


@dataclass(frozen=True)
class Built:
    """What a build of the panel did."""

    as_of: date
    signal: str
    origins: int
    rows: int
    segments: list[str]
    days_rebuilt_from: date | None

    def text(self) -> Message:
        return msg(
            "Panel: {rows} rows, {origins} origins up to {day}, demand signal {signal}, segments {segments}.",
            rows=self.rows,
            origins=self.origins,
            day=self.as_of,
            signal=self.signal,
            segments=self.segments,
        )


def build(workspace: Workspace, *, progress: Progress = silent) -> Built:
    """Brings the daily aggregate up to date and writes the whole panel: every weekly origin and the latest as_of.

    Raises NotReady without an import, UserError where the history is too short to learn from.
    """
    settings = workspace.settings()
    with db.connect(workspace.need(workspace.warehouse, "import FILE..."), memory_limit="1600MB") as con:
        warehouse.complete(con)
        progress("features", 0.0, msg("Daily totals"))
        shop = _refresh_daily(con, workspace, settings, progress)
        origins = weekly_origins(shop.first_day, shop.last_day, settings)
        progress("features", 0.15, msg("Texts and similar products"))
        _neighbours(con, workspace, settings, progress)
        _prepare(con, settings, shop, origins)
        return _write_panel(con, workspace, settings, shop, origins, workspace.panel, progress)


def build_latest(workspace: Workspace, *, since: date | None = None, progress: Progress = silent) -> Built:
    """Extends the daily aggregate by the new days and writes rows for the latest as_of, beside the panel.

    They lie in panel/latest/, in the panel's format: what a rescore needs, without computing every origin again. since: the last
    origin that the served model learnt from; of the weekly ones after it, the latest whose horizon has passed are written too,
    with their outcomes, which its level follows.
    """
    settings = workspace.settings()
    with db.connect(workspace.need(workspace.warehouse, "import FILE..."), memory_limit="1600MB") as con:
        warehouse.complete(con)
        progress("features", 0.0, msg("New days"))
        shop = _refresh_daily(con, workspace, settings, progress)
        progress("features", 0.4, msg("Texts and similar products"))
        _neighbours(con, workspace, settings, progress)
        matured = shop.last_day - timedelta(days=settings.labels.horizon_days)
        weekly = weekly_origins(shop.first_day, shop.last_day, settings) if since else []
        origins = [t for t in weekly if since < t <= matured][-FOLLOWED_ORIGINS:] + [shop.last_day]
        _prepare(con, settings, shop, origins)
        return _write_panel(con, workspace, settings, shop, origins, workspace.panel / "latest", progress)


@dataclass(frozen=True)
class _Shop:
    first_day: date
    last_day: date
    signal: str
    rebuilt_from: date | None


def weekly_origins(first_day: date, last_day: date, settings: Settings) -> list[date]:
    """The weekly origins whose label needs no day before the data, and the last day itself (what is forecast today).

    The first lies base + horizon days in: its own base window and that of the dispersion's origin are then whole.
    """
    labels = settings.labels
    first = first_day + timedelta(days=labels.base_days + labels.horizon_days - 1)
    first += timedelta(days=(settings.shop.origin_weekday - first.isoweekday()) % 7)
    if first + timedelta(days=labels.horizon_days) > last_day:
        raise UserError(
            expected=msg("Training needs at least {days} days of history.", days=labels.base_days + 2 * labels.horizon_days + 7),
            found=msg("The data cover {first} to {last}.", first=first_day, last=last_day),
            to_do=msg("Import an export that reaches further back."),
        )
    origins = [first + timedelta(days=7 * k) for k in range((last_day - first).days // 7 + 1)]
    return origins if origins[-1] == last_day else origins + [last_day]


def _choose_signal(con, settings: Settings) -> str:
    counts = db.rows(con, "features/signals")[0]
    if settings.shop.signal:
        if settings.shop.signal not in SIGNALS:
            raise UserError(
                expected=msg("shop.signal must be one of {choices}.", choices=list(SIGNALS)),
                found=msg('shop.signal is "{value}".', value=settings.shop.signal),
                to_do=msg("Correct {file}.", file="upswing.toml"),
            )
        return settings.shop.signal
    for signal in SIGNALS:
        if counts[signal]:
            return signal
    raise NotReady(
        expected=msg("Features need orders, views, carts or reviews."),
        found=msg("The warehouse has none of them."),
        to_do=msg("Import a file with one of them."),
    )


def _refresh_daily(con, workspace: Workspace, settings: Settings, progress: Progress) -> _Shop:
    """Rebuilds the days that imports touched since the last time, all of them when what they mean has changed."""
    signal = _choose_signal(con, settings)
    code = crc32(db.sql("features/daily").encode())
    meaning = json.dumps([signal, settings.shop.segment_attribute, __version__, code])
    db.run(con, "features/daily_tables")
    _sentiments(con, workspace, settings, progress)
    built = db.rows(con, "features/daily_built")
    touched = db.rows(con, "features/touched")[0]["first_day"]
    if not built or built[0]["meaning"] != meaning:
        from_day = date(1900, 1, 1)
    else:
        from_day = touched
    if from_day is not None:
        con.begin()
        con.execute("delete from daily where day >= $from_day", {"from_day": from_day})
        db.run(con, "features/daily", from_day=from_day, signal=signal, attribute=settings.shop.segment_attribute)
        con.execute("delete from touched")
        con.execute("delete from daily_built")
        con.execute("insert into daily_built values ($meaning)", {"meaning": meaning})
        con.commit()
    span = db.rows(con, "features/span")[0]
    if span["first_day"] is None:
        raise NotReady(
            expected=msg("Features need days with {signal}.", signal=signal),
            found=msg("There are none."),
            to_do=msg("Import a file with some."),
        )
    con.begin()
    con.execute("delete from lost_units")
    db.run(con, "features/lost_units", **asdict(settings.labels))
    con.commit()
    return _Shop(span["first_day"], span["last_day"], signal, from_day)


def _sentiments(con, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Gives each new review text a sentiment once; kept in the warehouse."""
    fresh = db.rows(con, "features/reviews_without_sentiment")
    if not fresh:
        return
    import pyarrow as pa

    from core.models.text import sentiment

    progress("features", 0.02, nmsg("Reading {count} review", "Reading {count} reviews", len(fresh)))
    values = sentiment([r["text"] for r in fresh], settings.model.encoder, workspace.cache, progress=progress, device=settings.model.device)
    # In steps of 2^-13: sums of such numbers are exact in any order, and an encoder's last bits hang on what it read beside a text.
    values = np.round(np.asarray(values, float) * 8192) / 8192
    con.register("fresh", pa.table({"review_id": [r["review_id"] for r in fresh], "sentiment": values}))
    con.execute("insert into review_sentiment select review_id, sentiment from fresh")
    con.unregister("fresh")


def _neighbours(con, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Writes texts.parquet and neighbours.parquet and loads the neighbours that spread lifts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.models.text import embed

    texts = db.arrow(con, "features/texts")
    ids, words = texts["product_id"].to_pylist(), texts["text"].to_pylist()
    distinct = sorted(set(words))
    vectors = np.asarray(
        embed(distinct, settings.model.encoder, workspace.cache, progress=progress, device=settings.model.device), np.float32
    )
    place = {t: i for i, t in enumerate(distinct)}
    found, similarity = nearest(vectors[[place[w] for w in words]])
    count = found.shape[1]
    table = pa.table(
        {
            "product_id": pa.array(np.repeat(np.array(ids, object), count), pa.string()),
            "rank": np.tile(np.arange(1, count + 1, dtype=np.int32), len(ids)),
            "neighbour_id": pa.array(np.array(ids, object)[found.ravel()], pa.string()),
            "similarity": similarity.ravel().astype(float),
        }
    )
    written = {}
    for name, rows in (("texts", texts), ("neighbours", table)):
        file = workspace.panel / f"{name}.parquet"
        if not _holds(file, rows):  # an unchanged file keeps what is cached by its date
            files.write_with(file, partial(pq.write_table, rows))
        written[file.name] = files.sha256(file)
    files.write_sealed(workspace.panel / "texts.json", {"files": written})
    first_day = {row["product_id"]: row["first_day"] for row in db.rows(con, "features/first_sales")}
    until = nearest_until(np.array([first_day.get(product) for product in ids], dtype="datetime64[D]"), found)
    con.register("neighbour_table", table.append_column("until", pa.array(until.ravel())))
    db.run(con, "features/text_neighbours")
    con.unregister("neighbour_table")


def _holds(file: Path, rows) -> bool:
    """Whether a Parquet file holds these rows; a damaged one does not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return file.exists() and pq.read_table(file).equals(rows)
    except (OSError, pa.ArrowInvalid):
        return False


def _prepare(con, settings: Settings, shop: _Shop, origins: list[date]) -> None:
    """The labels' ingredients at every origin that a row or a lift of these origins needs."""
    import pyarrow as pa

    labels = settings.labels
    first = shop.first_day + timedelta(days=labels.base_days - 1)
    horizon = labels.horizon_days
    lags = (0, horizon, 2 * horizon, 3 * horizon, 364 - horizon, 350, 357, 364, 371, 378, 364 + horizon)
    every = sorted({t - timedelta(days=lag) for t in origins for lag in lags if t - timedelta(days=lag) >= first})
    con.register("origin_list", pa.table({"as_of": every}))
    con.execute("create or replace temp table every_origin as select as_of from origin_list")
    con.unregister("origin_list")
    values = dict(
        asdict(labels),
        attribute=settings.shop.segment_attribute,
        min_orders=settings.shop.segment_min_orders,
        max_segments=settings.shop.max_segments,
        last_day=shop.last_day,
    )
    db.run(con, "features/segment_of", **values)
    db.run(con, "features/horizon_stock", **values)
    db.run(con, "features/paces", **values)
    db.run(con, "features/linked_products")


def _calendar(origins: list[date], settings: Settings):
    """Season and public holidays of the shop's countries over the horizon of each origin; no holidays are known of no countries."""
    import holidays
    import pyarrow as pa

    years = range(origins[0].year, origins[-1].year + 3)
    days: set[date] = set()
    for country in settings.shop.holiday_countries:
        try:
            days |= set(holidays.country_holidays(country, years=years))
        except NotImplementedError as error:  # the library's word for a country that it does not know
            raise UserError(
                expected=msg("shop.countries takes ISO country codes."),
                found=msg('"{country}" is not one.', country=country),
                to_do=msg("Correct {file}.", file="upswing.toml"),
            ) from error
    rows = []
    for t in origins:
        middle = t + timedelta(days=settings.labels.horizon_days // 2)
        phase = 2 * np.pi * middle.timetuple().tm_yday / 365.25
        ahead = sorted((d - t).days for d in days if d > t)
        rows.append(
            {
                "as_of": t,
                "season_sin": float(np.sin(phase)),
                "season_cos": float(np.cos(phase)),
                "season_sin2": float(np.sin(2 * phase)),
                "season_cos2": float(np.cos(2 * phase)),
                "holidays_ahead": float(sum(d <= settings.labels.horizon_days for d in ahead)) if days else None,
                "days_to_holiday": float(ahead[0]) if ahead else None,
            }
        )
    kinds = {name: pa.date32() if name == "as_of" else pa.float64() for name in rows[0]}
    return pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))


def panel_sql() -> str:
    """The panel's SELECT: the stored joins with one line a feature."""
    features = ",\n    ".join(f"cast({f.sql} as float) as {f.name}" for f in FEATURES)
    return db.sql("features/panel").replace("/* features */", features)


def _write_panel(con, workspace, settings: Settings, shop: _Shop, origins: list[date], folder: Path, progress: Progress) -> Built:
    import pyarrow as pa

    con.register("calendar_rows", _calendar(origins, settings))
    con.execute("create or replace temp table calendar as select * from calendar_rows")
    con.unregister("calendar_rows")
    db.run(con, "features/coverage")
    db.run(con, "features/all_days")
    con.execute("drop table if exists panel_rows")
    for start in range(0, len(origins), _ORIGINS_A_CHUNK):
        progress("features", 0.25 + 0.6 * start / len(origins), msg("{done} of {all} origins", done=start, all=len(origins)))
        con.register("origin_list", pa.table({"as_of": origins[start : start + _ORIGINS_A_CHUNK]}))
        con.execute("create or replace temp table origin as select as_of from origin_list")
        con.unregister("origin_list")
        values = dict(asdict(settings.labels), last_day=shop.last_day)
        for step in _STEPS:
            db.run(con, f"features/{step}", **values)
        _label(con, settings)
        into = "create temp table panel_rows as " if start == 0 else "insert into panel_rows "
        con.execute(into + panel_sql(), {"last_day": shop.last_day})
    progress("features", 0.88, msg("Writing the panel"))
    con.execute("set preserve_insertion_order = true")

    def write(file: Path) -> None:
        con.execute(
            "copy (select * from panel_rows order by product_id, as_of, segment) to $out "
            "(format parquet, compression zstd, row_group_size 50000)",
            {"out": str(file)},
        )

    files.write_with(folder / "panel.parquet", write)
    facts = db.rows(con, "features/panel_facts")[0]
    description = {
        "as_of": shop.last_day.isoformat(),
        "first_day": shop.first_day.isoformat(),
        "signal": shop.signal,
        "origins": [t.isoformat() for t in origins],
        "segments": facts["segments"],
        "segment_attribute": settings.shop.segment_attribute,
        "features": [{k: v for k, v in asdict(f).items() if k != "sql"} for f in FEATURES],
        "horizon_days": settings.labels.horizon_days,
        "code_version": __version__,
        "settings": settings.as_dict(),
        "rows": facts["rows"],
        "whole_units": bool(facts["whole_units"]),
        "tables": {table["table_name"]: table["rows"] for table in db.rows(con, "scoring/tables")},
        "files": {"panel.parquet": files.sha256(folder / "panel.parquet")},
    }
    files.write_sealed(folder / "panel.json", description)
    progress("features", 1.0)
    return Built(shop.last_day, shop.signal, len(origins), facts["rows"], facts["segments"], shop.rebuilt_from)


def _label(con, settings: Settings) -> None:
    """Adds rising, falling and tail to this chunk's paces: the tails of a negative binomial, which SQL does not have."""
    import pyarrow as pa

    paces = db.arrow(con, "features/matured_paces")
    column = {
        name: paces[name].to_numpy() for name in ("n_base", "n_horizon", "base_length", "prior_a", "prior_b", "growth", "expected", "phi")
    }
    rising, falling, tail = label(**column, settings=settings.labels)
    con.register(
        "labelled",
        pa.table(
            {
                "as_of": paces["as_of"],
                "segment": paces["segment"],
                "product_id": paces["product_id"],
                "rising": rising,
                "falling": falling,
                "tail": tail,
            }
        ),
    )
    con.execute("create or replace temp table labels as select * from labelled")
    con.unregister("labelled")


assert set(DEMAND_WEEKS) == {1, 2, 4, 8, 13}  # outcomes.sql and panel.sql name them
