"""The forecast log: every published forecast, for good. Snapshots are pruned and rolled back; what was forecast in them stays known.

    forecast_log/20260314-091500-123.5f0c1e8a9b3d7c24.parquet    one file a publish, named after its snapshot
    forecast_log/replay-20260301.0d9e6f7a1b2c3d4e.parquet        one file a replayed update (core/evaluation/replay.py)

A file is added whole and never changed. Its name ends with the first digits of its own SHA-256, so it needs no manifest to be checked.
The audit log names the file of each publish, so one that is missing is noticed too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import UserError
from core.messages import Message, msg
from core.schema import DEMAND_LEVELS
from core.schema.arrow import arrow_schema
from core.schema.forecast_log import FORECAST_LOG, LOGGED_WEEKS, quantile
from core.storage import disk, files, private
from core.workspace import Workspace

_DIGITS = 16  # of the SHA-256 in a file's name
_FACTS = b"upswing"  # where a Parquet file keeps them
_RESTORE = msg("Restore the folder forecast_log from a backup, or delete the file: the forecasts in it are then not judged.")


@dataclass(frozen=True)
class Entry:
    """One logged update. facts: the rules behind its forecasts, {"labels": ..., "shop": ..., "signal": ...}; {} where unknown."""

    id: str
    path: Path
    as_of: date
    model: str
    published_at: datetime
    replay: bool
    facts: dict = field(default_factory=dict, compare=False)

    def rows(self, *columns: str) -> pa.Table:
        """Return these columns. Raises UserError where the file is not as it was written."""
        if found := _problem(self.path):
            raise UserError(found=found, expected=msg("The forecast log must be unchanged since it was written."), to_do=_RESTORE)
        return pq.read_table(self.path, columns=list(columns))


def folder(workspace: Workspace) -> Path:
    return workspace.root / "forecast_log"


def entries(workspace: Workspace) -> list[Entry]:
    """Return all logged updates by date, those of one date by time. Raises UserError where a file cannot be read."""
    found = [_entry(path) for path in sorted(folder(workspace).glob("[!.]*.parquet"))]
    return sorted(found, key=lambda entry: (entry.as_of, entry.published_at, entry.id))


def problems(workspace: Workspace, named: list[str]) -> list[Message]:
    """Return what is wrong, one sentence a file. named: the files that the audit log names."""
    there = sorted(folder(workspace).glob("[!.]*.parquet"))
    missing = [msg("{file} is missing.", file=name) for name in sorted(set(named) - {path.name for path in there})]
    return missing + [problem for path in there if (problem := _problem(path))]


def add_snapshot(workspace: Workspace, snapshot_id: str) -> str:
    """Add the forecasts of a published snapshot, once however often it is called; return the file's name.

    Raises UserError where the snapshot cannot be read, or the file not be written.
    """
    if known := _known(workspace, snapshot_id):
        return known
    source = workspace.snapshots / snapshot_id
    manifest = files.read_json(source / "manifest.json", _finish_without(snapshot_id))
    try:
        forecasts = pq.read_table(source / "forecasts.parquet")
        demand = pq.read_table(source / "demand.parquet", filters=[("weeks", "=", LOGGED_WEEKS)])
        rules = pq.read_table(source / "rules.parquet").to_pylist() if (source / "rules.parquet").exists() else []
        signal = pq.read_table(source / "meta.parquet", columns=["signal"])["signal"][0].as_py()
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(
            found=msg("Snapshot {snapshot} is damaged: {sentences}", snapshot=snapshot_id, sentences=str(error)),
            expected=msg("The forecast log takes every published forecast."),
            to_do=_finish_without(snapshot_id),
        ) from error
    facts: dict = {"signal": signal}
    for rule in rules:
        facts.setdefault(rule["section"], {})[rule["name"]] = json.loads(rule["value"])
    columns = {name: forecasts[name] for name in ("product_id", "segment", "rising_probability", "falling_probability")}
    return add(
        workspace,
        snapshot_id,
        columns | {"units": _by_level(forecasts, demand)},
        as_of=date.fromisoformat(manifest["as_of"]),
        model=manifest["model"],
        published_at=datetime.fromisoformat(manifest["created_at"]),
        snapshot=snapshot_id,
        facts={name: facts[name] for name in ("labels", "shop", "signal") if name in facts},
    )


def add(
    workspace: Workspace,
    id: str,
    forecasts: dict,
    *,
    as_of: date,
    model: str,
    published_at: datetime,
    facts: dict,
    snapshot: str = "",
    replay: bool = False,
) -> str:
    """Add one update under its id, once; return the file's name. Raises UserError for a full or read-only disk.

    forecasts: product_id, segment, rising_probability, falling_probability, each (n,), and units (n, levels), NaN where unknown.
    """
    from core.capabilities.inventory.control.distribution import Distribution

    if known := _known(workspace, id):
        return known
    units = np.asarray(forecasts["units"], dtype=np.float64)
    columns = {name: forecasts[name] for name in ("product_id", "segment", "rising_probability", "falling_probability")}
    columns |= {quantile(level): units[:, i] for i, level in enumerate(DEMAND_LEVELS)}
    columns["units_mean"] = Distribution(units).mean
    same = {"as_of": as_of, "model": model, "snapshot": snapshot, "published_at": published_at, "replay": replay}
    schema = arrow_schema(FORECAST_LOG)
    arrays = [
        pa.repeat(pa.scalar(same[at.name], at.type), len(units)) if at.name in same else _array(columns[at.name]).cast(at.type)
        for at in schema
    ]
    told = {**same, "as_of": as_of.isoformat(), "published_at": published_at.isoformat(), "id": id, "facts": facts}
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata({_FACTS: json.dumps(told).encode()}))
    numbers = [at.name for at in schema if pa.types.is_floating(at.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in schema.names if name not in numbers],
        use_byte_stream_split=numbers,  # floats of one size share their first bytes: a quarter less on disk
    )
    content = sink.getvalue().to_pybytes()
    place = folder(workspace)
    with disk.reported(place), private.owner_only():
        place.mkdir(exist_ok=True)
    name = f"{id}.{hashlib.sha256(content).hexdigest()[:_DIGITS]}.parquet"
    files.write_bytes(place / name, content)
    with disk.reported(place):
        files.sync(workspace.root)  # the folder itself may be new
    return name


def _known(workspace: Workspace, id: str) -> str:
    return next((path.name for path in folder(workspace).glob(f"{id}.*.parquet")), "")


def _by_level(forecasts: pa.Table, demand: pa.Table) -> np.ndarray:
    """Return (n, levels), the logged demand of each forecast, NaN where it has none."""
    rows = forecasts.select(["product_id", "segment"]).append_column("row", pa.array(np.arange(len(forecasts))))
    joined = demand.join(rows, ["product_id", "segment"], join_type="inner")
    level = np.searchsorted(DEMAND_LEVELS, joined["level"].to_numpy() - 1e-9)
    units = np.full((len(forecasts), len(DEMAND_LEVELS)), np.nan)
    units[joined["row"].to_numpy(), level] = joined["units"].to_numpy()
    return units


def _array(values) -> pa.Array | pa.ChunkedArray:
    return values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, from_pandas=True)


def _entry(path: Path) -> Entry:
    try:
        told = json.loads(pq.read_schema(path).metadata[_FACTS])
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise UserError(
            found=msg("{file} cannot be read: {error}.", file=path.name, error=str(error)),
            expected=msg("The forecast log must be unchanged since it was written."),
            to_do=_RESTORE,
        ) from error
    return Entry(
        told["id"],
        path,
        date.fromisoformat(told["as_of"]),
        told["model"],
        datetime.fromisoformat(told["published_at"]),
        told["replay"],
        told["facts"],
    )


def _problem(path: Path) -> Message | None:
    written = path.name.split(".")[-2]
    changed = files.known_sha256(path)[:_DIGITS] != written
    return msg("{file} has changed since it was written.", file=path.name) if changed else None


def _finish_without(snapshot_id: str) -> Message:
    return msg(
        "Restore snapshot {snapshot} from a backup, or delete publishing.json: its forecasts are then not logged.", snapshot=snapshot_id
    )
