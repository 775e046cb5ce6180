"""The panel as memory-mapped arrays: built once from Parquet, then read in any order without loading it whole."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import NotReady, UserError
from core.messages import msg
from core.progress import Progress, paced, silent
from core.schema import ALL, DEMAND_WEEKS
from core.storage import disk, files

_REBUILD = msg("Run `upswing features` again.")
FORMAT = 5  # of the memory-mapped copy; a change rebuilds it
_DOUBLES = ("n_base", "n_horizon", "expected", "tail", "prior_a", "prior_b", "own_pace_orders")
_LABELS = ("rising", "falling")
_BATCH_ROWS = 16_384
_QUARTER_DAYS, _YEAR_DAYS = np.timedelta64(91, "D"), 364


@dataclass(frozen=True)
class Panel:
    """A panel of R rows and F features, sorted by product, as_of, segment.

    features         panel.json's records: name, driver, unit, meaning; the columns of x in this order
    products, texts  product ids and their texts for the encoder ("" = none), by product index
    segments         names, by segment index
    meta             the rest of panel.json: as_of, first_day, signal, origins, horizon_days ...
    cache            folder for files that can be recomputed, such as embeddings
    x                (R, F) float32, NaN = missing
    ranks            (R, len(ranked)) float32, the columns `ranked` of x as the share of lower rows of the same origin and segment
    as_of            (R,) datetime64[D];  product, segment (R,) int32 indexes;  days_on_sale (R,) int32
    rising, falling  (R,) float32, 0 or 1, NaN = not matured
    base, units      (R, 5) float32, cumulative units at DEMAND_WEEKS: seasonal-naive; actual, NaN = not matured
    n_base, n_horizon, expected, prior_a, prior_b, own_pace_orders  (R,) float64
    tail             (R,) float64, the probability of at least this many orders at the own rate (core.features.labels); NaN = not matured
    """

    features: list[dict]
    products: list[str]
    texts: list[str]
    segments: list[str]
    meta: dict
    cache: Path
    x: np.ndarray
    ranks: np.ndarray
    as_of: np.ndarray
    product: np.ndarray
    segment: np.ndarray
    days_on_sale: np.ndarray
    rising: np.ndarray
    falling: np.ndarray
    base: np.ndarray
    units: np.ndarray
    n_base: np.ndarray
    n_horizon: np.ndarray
    expected: np.ndarray
    tail: np.ndarray
    prior_a: np.ndarray
    prior_b: np.ndarray
    own_pace_orders: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def open(cls, folder: Path, cache: Path, progress: Progress = silent) -> Panel:
        """Open the panel in `folder` (panel.parquet, texts.parquet, panel.json) through its copy in `cache`.

        The copy is streamed from Parquet by record batches, so memory does not grow with rows. It is rebuilt when the panel's files have
        changed or the copy is damaged. Raises NotReady where there is no panel, UserError where a file differs from what the features step
        wrote.
        """
        folder, cache = Path(folder), Path(cache)
        for name in ("panel.parquet", "texts.parquet", "panel.json"):
            if not (folder / name).is_file():
                raise NotReady(
                    expected=msg("This step reads {file}.", file=name),
                    found=msg("There is no {file} in {folder} yet.", file=name, folder=str(folder)),
                    to_do=msg("Run `upswing {step}` first.", step="features"),
                )
        verify(folder)
        key = fingerprint(folder)
        copy = cache / f"panel-{folder.name}-{key}"
        if not _is_intact(copy):
            _build(folder, copy, progress)
            for old in cache.glob(f"panel-{folder.name}-*"):
                if old != copy:
                    shutil.rmtree(old, ignore_errors=True)
        stored = files.read_json(copy / "panel.json", _REBUILD)
        arrays = {Path(name).stem: np.load(copy / name, mmap_mode="r") for name in stored.pop("files")}
        features = stored["meta"].pop("features")
        return cls(features=features, cache=cache, **stored, **arrays)

    @cached_property
    def feature_names(self) -> list[str]:
        return [f["name"] for f in self.features]

    @cached_property
    def ranked(self) -> list[int]:
        """Return the columns that the model reads as ranks: ratios of a product's present to its past.

        When the whole shop grows, all ratios do, and a model trained in a calm quarter would forecast a rise for half of the shop. A riser
        is a product ahead of the others.
        """
        return [i for i, f in enumerate(self.features) if is_ranked(f)]

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return (n, F) float32, the model's inputs of these rows: x with ranks in place of the columns `ranked`."""
        x = np.array(self.x[rows])
        if self.ranked:
            x[:, self.ranked] = self.ranks[rows]
        return x

    def feature(self, rows: np.ndarray, name: str) -> np.ndarray:
        """Return (n,) float32, a feature of these rows unranked; NaN where it is missing, and everywhere in a panel without it."""
        if name not in self.feature_names:
            return np.full(len(rows), np.nan, dtype=np.float32)
        return self.x[rows, self.feature_names.index(name)]

    @cached_property
    def all_rows(self) -> np.ndarray:
        """Return (R,) bool: rows of the segment `all`."""
        return np.asarray(self.segment) == (self.segments.index(ALL) if ALL in self.segments else -1)

    @property
    def whole_units(self) -> bool:
        """Return whether the shop sells whole units only; False for a panel that does not record it."""
        return self.meta.get("whole_units", False)

    def age(self, rows: np.ndarray) -> np.ndarray:
        """Return (n,) float32, the estimated days on sale.

        A product that sold in the first quarter of the shop's data was on sale before it for an unknown time, so it counts as a year older.
        """
        days = self.days_on_sale[rows]
        first = self.as_of[rows] - days.astype("timedelta64[D]")
        began_before_data = first < np.datetime64(self.meta["first_day"], "D") + _QUARTER_DAYS
        return (days + _YEAR_DAYS * began_before_data).astype(np.float32)

    def matured(self) -> np.ndarray:
        """Return the row numbers whose rising label is known, ascending."""
        return np.flatnonzero(~np.isnan(self.rising))

    def draw(self, rows: np.ndarray, segment_share: float, random: np.random.Generator) -> np.ndarray:
        """Return, ascending, the row numbers of `all` among these and a sample of the segments' rows, `segment_share` times as many.

        A large segment nearly repeats `all`, and training on both would overfit.
        """
        all_customers = self.all_rows[rows]
        whole, rest = rows[all_customers], rows[~all_customers]
        most = int(segment_share * len(whole))
        if len(whole) and most < len(rest):
            rest = random.choice(rest, most, replace=False)
        return np.sort(np.concatenate([whole, rest]))

    def latest(self) -> np.ndarray:
        """Return the row numbers of the last as_of, ascending: the rows to score."""
        return np.flatnonzero(self.as_of == np.datetime64(self.meta["as_of"]))


def is_ranked(feature: dict) -> bool:
    """Return whether the model reads a feature record as ranks. Market features describe the shop and not one product among others."""
    return feature["unit"] == "times" and feature["driver"] != "market"


def rank_within_group(
    values: np.ndarray, group: np.ndarray, columns: list[int] | slice = slice(None), out: np.ndarray | None = None
) -> np.ndarray:
    """Return (R, C) float32 ranks of values (R, any) in its C `columns`: the share of the same group's rows below, with ties counted half.

    NaN stays NaN. The result is written into `out` if given.

    >>> rank_within_group(np.array([[3.0], [5.0], [3.0], [np.nan]]), np.array([0, 0, 0, 0])).ravel().tolist()
    [0.3333333432674408, 0.8333333134651184, 0.3333333432674408, nan]
    """
    if out is None:
        out = np.empty(values[:, columns].shape, dtype=np.float32)
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        part = np.ascontiguousarray(values[rows][:, columns].T)  # (C, n)
        n, place = part.shape[1], np.argsort(part, axis=1)  # NaN last
        ranked = np.take_along_axis(part, place, axis=1)
        new = ranked[:, 1:] != ranked[:, :-1]
        edge = np.ones((len(part), 1), dtype=bool)
        at = np.arange(n)
        first = np.maximum.accumulate(np.where(np.hstack([edge, new]), at, 0), axis=1)
        last = np.minimum.accumulate(np.where(np.hstack([new, edge]), at, n)[:, ::-1], axis=1)[:, ::-1]
        missing = np.isnan(ranked)
        share = (first + last + 1) / (2 * np.maximum(n - missing.sum(1, keepdims=True), 1))
        found = np.empty(part.shape, dtype=np.float32)
        np.put_along_axis(found, place, np.where(missing, np.nan, share).astype(np.float32), axis=1)
        out[rows] = found.T
    return out


def verify(folder: Path) -> dict:
    """Return panel.json of a panel whose files match the hashes of the features step. A panel of 0.1.0 has no hashes to compare.

    Raises UserError where a file has changed.
    """
    described = files.read_json(folder / "panel.json", _REBUILD)
    texts = files.read_json(folder / "texts.json", _REBUILD) if (folder / "texts.json").exists() else {}
    written = described.get("files", {}) | {k: v for k, v in texts.get("files", {}).items() if k == "texts.parquet"}
    if found := files.changed(folder, written):
        raise UserError(
            found=msg("The panel in {folder} is damaged: {sentences}", folder=str(folder), sentences=found),
            expected=msg("Every file of a panel must be unchanged since `upswing features` wrote it."),
            to_do=_REBUILD,
        )
    return described


def _is_intact(copy: Path) -> bool:
    """Return whether the memory-mapped copy exists unchanged."""
    try:
        return not files.changed(copy, files.read_json(copy / "panel.json", _REBUILD)["files"])
    except UserError:  # missing or damaged: it can be rebuilt
        return False


def fingerprint(folder: Path) -> str:
    """Return a key of the panel in a folder, different after each build."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    for name in ("panel.parquet", "texts.parquet"):
        stat = (folder / name).stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}".encode())
    digest.update((folder / "panel.json").read_bytes())
    return digest.hexdigest()[:16]


def _build(folder: Path, copy: Path, progress: Progress) -> None:
    """Write the memory-mapped copy under another name, then rename it, so that an interrupted one is never read."""
    import pyarrow.parquet as parquet

    meta = verify(folder)
    names = [f["name"] for f in meta["features"]]
    source = parquet.ParquetFile(folder / "panel.parquet")
    wanted = [
        *names,
        "as_of",
        "product_id",
        "segment",
        "days_on_sale",
        *_LABELS,
        *_DOUBLES,
        *(f"{kind}_w{w}" for kind in ("base", "units") for w in DEMAND_WEEKS),
    ]
    missing = [c for c in wanted if c not in source.schema_arrow.names]
    if "first_day" not in meta:
        raise UserError(
            expected=msg("This version needs the first day of data in panel.json."),
            found=msg("The panel was made by an earlier version."),
            to_do=msg("Run `upswing features` again."),
        )
    if missing:
        raise UserError(
            expected=msg("This version needs the columns {columns} in panel.parquet.", columns=missing[:5]),
            found=msg("The panel was made by an earlier version."),
            to_do=msg("Run `upswing features` again."),
        )
    rows = source.metadata.num_rows
    ranked = [i for i, f in enumerate(meta["features"]) if is_ranked(f)]
    shapes = {
        "x": ("<f4", (rows, len(names))),
        "ranks": ("<f4", (rows, len(ranked))),
        "as_of": ("<M8[D]", (rows,)),
        "product": ("<i4", (rows,)),
        "segment": ("<i4", (rows,)),
        "days_on_sale": ("<i4", (rows,)),
        **dict.fromkeys(_LABELS, ("<f4", (rows,))),
        **dict.fromkeys(_DOUBLES, ("<f8", (rows,))),
        **{n: ("<f4", (rows, len(DEMAND_WEEKS))) for n in ("base", "units")},
    }
    copy.parent.mkdir(parents=True, exist_ok=True)
    disk.need_space(copy.parent, sum(int(np.prod(shape)) * np.dtype(type_).itemsize for type_, shape in shapes.values()))
    with files.new_folder(copy) as temporary:
        arrays = {n: np.lib.format.open_memmap(temporary / f"{n}.npy", mode="w+", dtype=t, shape=s) for n, (t, s) in shapes.items()}
        products: dict[str, int] = {}
        segments: dict[str, int] = {}
        progress, start = paced(progress), 0
        for batch in source.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
            end = start + batch.num_rows
            arrays["x"][start:end] = np.stack([_numbers(batch, name).astype(np.float32) for name in names]).T
            for kind in ("base", "units"):
                for i, w in enumerate(DEMAND_WEEKS):
                    arrays[kind][start:end, i] = _numbers(batch, f"{kind}_w{w}")
            for name in (*_LABELS, *_DOUBLES):
                arrays[name][start:end] = _numbers(batch, name)
            arrays["days_on_sale"][start:end] = np.nan_to_num(_numbers(batch, "days_on_sale"))
            arrays["as_of"][start:end] = batch.column("as_of").to_numpy(zero_copy_only=False).astype("datetime64[D]")
            arrays["product"][start:end] = _indexes(batch, "product_id", products)
            arrays["segment"][start:end] = _indexes(batch, "segment", segments)
            start = end
            progress("panel", end / rows, msg("{done} of {all} rows", done=end, all=rows))
        progress("panel", 1.0, msg("Computing ranks"))
        if rows:
            group = arrays["as_of"].astype(np.int64) * len(segments) + arrays["segment"]
            rank_within_group(arrays["x"], group, ranked, arrays["ranks"])
        written = parquet.read_table(folder / "texts.parquet", columns=["product_id", "text"]).to_pydict()
        texts = {p: (t or "").strip() for p, t in zip(written["product_id"], written["text"])}
        for array in arrays.values():
            array.flush()
        described = {
            "meta": meta,
            "products": list(products),
            "texts": [texts.get(p, "") for p in products],
            "segments": list(segments),
            "files": {f"{name}.npy": files.sha256(temporary / f"{name}.npy") for name in shapes},
        }
        (temporary / "panel.json").write_text(files.sealed(described), encoding="utf-8")


def _numbers(batch, name: str) -> np.ndarray:
    """Return a column as float64, with null and infinite values as NaN."""
    import pyarrow as pa

    values = batch.column(name)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    values = values.to_numpy(zero_copy_only=False).astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _indexes(batch, name: str, known: dict[str, int]) -> np.ndarray:
    """Return a text column as indexes into `known`, to which new values are added in order of appearance."""
    column = batch.column(name).dictionary_encode()
    of_value = np.array([known.setdefault(v, len(known)) for v in column.dictionary.to_pylist()], dtype=np.int32)
    return of_value[column.indices.to_numpy(zero_copy_only=False)]
