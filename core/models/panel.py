"""The panel as memory-mapped arrays: built once from Parquet, then read in any order without loading it."""

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

_AGAIN = msg("Run `upswing features` again.")
FORMAT = 5  # of the memory-mapped copy; a change makes it anew
_DOUBLES = ("n_base", "n_horizon", "expected", "tail", "prior_a", "prior_b", "own_pace_orders")
_LABELS = ("rising", "falling")
_BATCH_ROWS = 16_384
_QUARTER, _YEAR = np.timedelta64(91, "D"), 364


@dataclass(frozen=True)
class Panel:
    """A panel of R rows, F features, sorted by product, as_of, segment.

    features         panel.json's records: name, driver, unit, meaning; the columns of x in this order
    products, texts  product ids and what the encoder reads of each ("" = nothing), by product index
    segments         names, by segment index
    meta             the rest of panel.json: as_of, first_day, signal, origins, horizon_days ...
    cache            folder for what can be made again (embeddings)
    x                (R, F) float32, NaN = missing
    ranks            (R, len(ranked)) float32, the columns `ranked` of x as shares of their origin's and segment's rows below them
    as_of            (R,) datetime64[D];  product, segment (R,) int32 indexes;  days_on_sale (R,) int32
    rising, falling  (R,) float32, 0 or 1, NaN = not matured
    base, units      (R, 5) float32, cumulative units at DEMAND_WEEKS: seasonal-naive; actual, NaN = not matured
    n_base, n_horizon, expected, prior_a, prior_b, own_pace_orders  (R,) float64
    tail             (R,) float64, the chance of so many orders or more at the own pace (core.features.labels); NaN = not matured
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
        """The panel in `folder` (panel.parquet, texts.parquet, panel.json), through its copy in `cache`.

        The copy is streamed from Parquet by record batches, so memory does not grow with rows, and made anew when the panel's
        files have changed or the copy is damaged. Raises NotReady where there is no panel, UserError where a file of it is not as
        the features step wrote it.
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
        if not _whole(copy):
            _build(folder, copy, progress)
            for old in cache.glob(f"panel-{folder.name}-*"):
                if old != copy:
                    shutil.rmtree(old, ignore_errors=True)
        stored = files.read_json(copy / "panel.json", _AGAIN)
        arrays = {Path(name).stem: np.load(copy / name, mmap_mode="r") for name in stored.pop("files")}
        features = stored["meta"].pop("features")
        return cls(features=features, cache=cache, **stored, **arrays)

    @cached_property
    def feature_names(self) -> list[str]:
        return [f["name"] for f in self.features]

    @cached_property
    def ranked(self) -> list[int]:
        """Columns that the model reads as ranks: ratios of a product's now to its before. When the whole shop grows they all do, and a
        model that learned in a calm quarter would call half of the shop; a riser is what goes ahead of the others."""
        return [i for i, f in enumerate(self.features) if ranks_tell(f)]

    def read(self, rows: np.ndarray) -> np.ndarray:
        """(n, F) float32, what the model reads of these rows: x, with ranks in the place of the columns `ranked`."""
        x = np.array(self.x[rows])
        if self.ranked:
            x[:, self.ranked] = self.ranks[rows]
        return x

    def feature(self, rows: np.ndarray, name: str) -> np.ndarray:
        """(n,) float32, a feature of these rows as it is; NaN where it is missing, and everywhere in a panel that lacks it."""
        if name not in self.feature_names:
            return np.full(len(rows), np.nan, dtype=np.float32)
        return self.x[rows, self.feature_names.index(name)]

    @cached_property
    def all_rows(self) -> np.ndarray:
        """(R,) bool: rows of the segment `all`."""
        return np.asarray(self.segment) == (self.segments.index(ALL) if ALL in self.segments else -1)

    @property
    def whole_units(self) -> bool:
        """The shop sells pieces, no fractions; False in a panel from before this was told."""
        return self.meta.get("whole_units", False)

    def age(self, rows: np.ndarray) -> np.ndarray:
        """(n,) float32, days on sale as far as anyone can tell of these rows. What sold in the first quarter of the shop's data was there
        before it, for nobody knows how long: it counts as a year older."""
        days = self.days_on_sale[rows]
        first = self.as_of[rows] - days.astype("timedelta64[D]")
        there_before = first < np.datetime64(self.meta["first_day"], "D") + _QUARTER
        return (days + _YEAR * there_before).astype(np.float32)

    def matured(self) -> np.ndarray:
        """Row numbers whose rising label is known, ascending."""
        return np.flatnonzero(~np.isnan(self.rising))

    def draw(self, rows: np.ndarray, segment_share: float, random: np.random.Generator) -> np.ndarray:
        """Of these row numbers, ascending: all of `all` and a share of as many of the segments, drawn: a large segment says nearly the
        same as `all`, and reading it twice is learning by heart."""
        everyone = self.all_rows[rows]
        whole, rest = rows[everyone], rows[~everyone]
        most = int(segment_share * len(whole))
        if len(whole) and most < len(rest):
            rest = random.choice(rest, most, replace=False)
        return np.sort(np.concatenate([whole, rest]))

    def latest(self) -> np.ndarray:
        """Row numbers of the last as_of, ascending: what is scored."""
        return np.flatnonzero(self.as_of == np.datetime64(self.meta["as_of"]))


def ranks_tell(feature: dict) -> bool:
    """Whether a feature record's values say more as ranks. What the market says is said of the shop, not of one product beside others."""
    return feature["unit"] == "times" and feature["driver"] != "market"


def within(values: np.ndarray, group: np.ndarray, columns: list[int] | slice = slice(None), out: np.ndarray | None = None) -> np.ndarray:
    """(R, C) float32 of values (R, any), its C `columns`: the share of the same group's rows that are below, ties and itself half; NaN
    stays NaN. Written into `out` if given.

    >>> within(np.array([[3.0], [5.0], [3.0], [np.nan]]), np.array([0, 0, 0, 0])).ravel().tolist()
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
    """Return panel.json of a panel whose files are as the features step wrote them; one of 0.1.0 has no hashes to compare with.

    Raises UserError where one has changed.
    """
    described = files.read_json(folder / "panel.json", _AGAIN)
    texts = files.read_json(folder / "texts.json", _AGAIN) if (folder / "texts.json").exists() else {}
    written = described.get("files", {}) | {k: v for k, v in texts.get("files", {}).items() if k == "texts.parquet"}
    if found := files.changed(folder, written):
        raise UserError(
            found=msg("The panel in {folder} is damaged: {sentences}", folder=str(folder), sentences=found),
            expected=msg("Every file of a panel has to be as `upswing features` wrote it."),
            to_do=_AGAIN,
        )
    return described


def _whole(copy: Path) -> bool:
    """Whether the memory-mapped copy is there as it was written."""
    try:
        return not files.changed(copy, files.read_json(copy / "panel.json", _AGAIN)["files"])
    except UserError:  # missing or damaged: it can be made again
        return False


def fingerprint(folder: Path) -> str:
    """Which panel lies in a folder: another one after each build."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    for name in ("panel.parquet", "texts.parquet"):
        stat = (folder / name).stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}".encode())
    digest.update((folder / "panel.json").read_bytes())
    return digest.hexdigest()[:16]


def _build(folder: Path, copy: Path, progress: Progress) -> None:
    """Writes the memory-mapped copy under another name, then renames it: an interrupted one is never read."""
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
    ranked = [i for i, f in enumerate(meta["features"]) if ranks_tell(f)]
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
            within(arrays["x"], group, ranked, arrays["ranks"])
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
    """A column as float64, null and anything not finite as NaN."""
    import pyarrow as pa

    values = batch.column(name)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    values = values.to_numpy(zero_copy_only=False).astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _indexes(batch, name: str, known: dict[str, int]) -> np.ndarray:
    """A text column as indexes into `known`, which grows by new values in order of appearance."""
    column = batch.column(name).dictionary_encode()
    of_value = np.array([known.setdefault(v, len(known)) for v in column.dictionary.to_pylist()], dtype=np.int32)
    return of_value[column.indices.to_numpy(zero_copy_only=False)]
