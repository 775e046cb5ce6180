"""Build the panel from canonical tables: the daily aggregate, neighbours, labels and the panel's rows, each by a stored query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from core import __version__
from core.errors import UserError
from core.features import tables
from core.features.daily import Shop, refresh
from core.features.definitions import FEATURES
from core.features.freshness import fingerprint
from core.features.neighbours import nearest, nearest_until
from core.features.outcomes import label_rows, own_rates
from core.messages import Message, msg
from core.models.calibrate import RECALIBRATION_ORIGINS
from core.progress import Progress, silent
from core.schema import DEMAND_WEEKS
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import files, warehouse
from core.storage.engine import Engine, open_engine
from core.workspace import Workspace

_STEPS = (
    "year_windows",
    "recent_windows",
    "buyer_windows",
    "attention_windows",
    "review_windows",
    "windows",
    "past_lift",
    "recent_lift",
    "neighbour_lift",
    "neighbour_activity",
    "campaigns",
    "stock_windows",
    "market_series",
    "outcomes",
)


@dataclass(frozen=True)
class Built:
    """The result of a build of the panel."""

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


def build(workspace: Workspace, *, engine: str = "duckdb", progress: Progress = silent) -> Built:
    """Update the daily aggregate and write the whole panel: every weekly origin and the latest as_of.

    engine: one of core.storage.engine.ENGINES. Raises NotReady without an import, UserError where the history is too short to train
    on, or where the engine is not installed.
    """
    settings = workspace.settings()
    with _opened(workspace, engine) as running:
        progress("features", 0.0, msg("Daily totals"))
        shop = refresh(running, workspace, settings, progress)
        origins = weekly_origins(shop.first_day, shop.last_day, settings)
        progress("features", 0.15, msg("Texts and similar products"))
        _neighbours(running, workspace, settings, progress)
        _prepare(running, settings, shop, origins)
        return _write_panel(running, workspace, settings, shop, origins, workspace.panel, progress)


def build_latest(workspace: Workspace, *, since: date | None = None, engine: str = "duckdb", progress: Progress = silent) -> Built:
    """Extend the daily aggregate by the new days and write rows for the latest as_of to panel/latest/, in the panel's format.

    A rescore needs no other rows. since: the last origin that the served model was trained on. The latest weekly origins after it whose
    horizon has passed are written too, with their outcomes, to recalibrate the model's intercept.
    """
    settings = workspace.settings()
    with _opened(workspace, engine) as running:
        progress("features", 0.0, msg("New days"))
        shop = refresh(running, workspace, settings, progress)
        progress("features", 0.4, msg("Texts and similar products"))
        _neighbours(running, workspace, settings, progress)
        matured = shop.last_day - timedelta(days=settings.labels.horizon_days)
        weekly = weekly_origins(shop.first_day, shop.last_day, settings) if since else []
        origins = [t for t in weekly if since and since < t <= matured][-RECALIBRATION_ORIGINS:] + [shop.last_day]
        _prepare(running, settings, shop, origins)
        return _write_panel(running, workspace, settings, shop, origins, workspace.panel / "latest", progress)


@contextmanager
def _opened(workspace: Workspace, engine: str) -> Iterator[Engine]:
    """Open the engine on the workspace's warehouse, after completing its tables."""
    path = workspace.need(workspace.warehouse, "import FILE...")
    with db.connect(path) as con:
        warehouse.complete(con)
        tables.create(con)
    with open_engine(path, engine, workspace.cache, memory_limit="1600MB") as running:
        yield running


def weekly_origins(first_day: date, last_day: date, settings: Settings) -> list[date]:
    """Return the weekly origins whose label needs no day before the data, and the last day itself, which is forecast today.

    The first is base + horizon days into the data, so that its base window and that of the dispersion's origin are complete. Raises
    UserError where the history is too short.
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


def _neighbours(engine: Engine, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Write texts.parquet and neighbours.parquet, and load the neighbours for the graph features."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.models.text import embed

    texts = engine.arrow("features/texts")
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
        if not _holds(file, rows):  # an unchanged file keeps caches that depend on its date
            files.write_with(file, partial(pq.write_table, rows))
        written[file.name] = files.sha256(file)
    files.write_sealed(workspace.panel / "texts.json", {"files": written})
    first_day = {row["product_id"]: row["first_day"] for row in engine.rows("features/first_sales")}
    until = nearest_until(np.array([first_day.get(product) for product in ids], dtype="datetime64[D]"), found)
    engine.register("nearest_products", table.append_column("until", pa.array(until.ravel())))
    engine.table("features/text_neighbours")


def _holds(file: Path, rows) -> bool:
    """Return whether a Parquet file holds these rows; False for a damaged one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return file.exists() and pq.read_table(file).equals(rows)
    except (OSError, pa.ArrowInvalid):
        return False


def _prepare(engine: Engine, settings: Settings, shop: Shop, origins: list[date]) -> None:
    """Compute the inputs of labels and lifts at every origin that these origins need."""
    horizon = settings.labels.horizon_days
    lags = (0, horizon, 2 * horizon, 3 * horizon, 364 - horizon, 350, 357, 364, 371, 378, 364 + horizon)
    values = own_rates(engine, settings, shop, (t - timedelta(days=lag) for t in origins for lag in lags))
    for query in ("linked_products", "coverage", "all_days", "purchases"):
        engine.table(f"features/{query}", **values)


def _calendar(origins: list[date], settings: Settings):
    """Return season and public holidays of the shop's countries over the horizon of each origin; holidays are null without countries."""
    import holidays
    import pyarrow as pa

    years = range(origins[0].year, origins[-1].year + 3)
    days: set[date] = set()
    for country in settings.shop.holiday_countries:
        try:
            days |= set(holidays.country_holidays(country, years=years))
        except NotImplementedError as error:  # the library does not know the country
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
    """Return the panel's SELECT: the stored joins with one line per feature."""
    features = ",\n    ".join(f"cast({f.sql} as float) as {f.name}" for f in FEATURES)
    return db.sql("features/panel").replace("/* features */", features)


def _write_panel(
    engine: Engine, workspace: Workspace, settings: Settings, shop: Shop, origins: list[date], folder: Path, progress: Progress
) -> Built:
    import pyarrow as pa

    engine.register("calendar", _calendar(origins, settings))
    values = dict(asdict(settings.labels), last_day=shop.last_day)
    for start in range(0, len(origins), engine.origins_at_once):
        progress("features", 0.25 + 0.6 * start / len(origins), msg("{done} of {all} origins", done=start, all=len(origins)))
        engine.register("origin", pa.table({"as_of": origins[start : start + engine.origins_at_once]}))
        engine.view("features/ranks")
        for query in _STEPS:
            engine.table(f"features/{query}", **values)
        label_rows(engine, settings.labels)
        engine.run(panel_sql(), "panel_rows", append=start > 0, last_day=shop.last_day)
    progress("features", 0.88, msg("Writing the panel"))
    if folder == workspace.panel:  # rows of an earlier rescore would hide the newer ones
        files.remove(folder / "latest")
    files.write_with(folder / "panel.parquet", partial(engine.write, "panel_rows", "product_id, as_of, segment"))
    facts = engine.rows("features/panel_facts")[0]
    segments = [row["segment"] for row in engine.rows("features/panel_segments")]
    description = {
        "as_of": shop.last_day.isoformat(),
        "first_day": shop.first_day.isoformat(),
        "signal": shop.signal,
        "origins": [t.isoformat() for t in origins],
        "segments": segments,
        "segment_attribute": settings.shop.segment_attribute,
        "features": [{k: v for k, v in asdict(f).items() if k != "sql"} for f in FEATURES],
        "horizon_days": settings.labels.horizon_days,
        "code_version": __version__,
        "settings": {"shop": asdict(settings.shop), "labels": asdict(settings.labels)},
        "fingerprint": fingerprint(engine.con, settings),
        "rows": facts["rows"],
        "whole_units": bool(facts["whole_units"]),
        "tables": {table["table_name"]: table["rows"] for table in engine.rows("scoring/tables")},
        "files": {"panel.parquet": files.sha256(folder / "panel.parquet")},
    }
    files.write_sealed(folder / "panel.json", description)
    progress("features", 1.0)
    return Built(shop.last_day, shop.signal, len(origins), facts["rows"], segments, shop.rebuilt_from)


assert set(DEMAND_WEEKS) == {1, 2, 4, 8, 13}  # outcomes.sql and panel.sql name them
