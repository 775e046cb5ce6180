"""Metrics of forecasts: numpy in, numbers out.

Conventions: `y` (n,) is 0/1, `p` (n,) are probabilities or scores, `weight` (n,) is how often a row counts (once by default; a bootstrap
replicate only changes the weights). A metric that is undefined on its rows (no rows, or no risers where it needs some) is NaN. Where
several rows share one value of `p`, ranking metrics take the expectation over all orders of the tied rows, so the order of a file has
no influence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from core.schema import WORTH_SAYING

ECE_BINS = 10
TOP = 50
REPLICATES = 400
# Metrics where higher is better, for comparisons of models; lower is better for all others.
HIGHER_IS_BETTER = {
    "average_precision",
    "brier_skill",
    "precision_at_50",
    "precision_at_100",
    "precision_at_50_pooled",
    "lift_top_tenth",
    "accuracy",
    "precision",
    "recall",
    "f1",
}


def _weights(y: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    return np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    total = weight.sum()
    return float(values @ weight / total) if total > 0 else float("nan")


def descending(p: np.ndarray) -> np.ndarray:
    """Return (n,) row numbers from the highest `p` to the lowest. Computed once, it serves every replicate of a bootstrap."""
    return np.argsort(-np.asarray(p), kind="stable")


def average_precision(y, p, weight=None, order=None) -> float:
    """Return the area under the precision-recall curve by steps: sum of (R_k - R_{k-1}) P_k over distinct values of `p`.

    Equals scikit-learn's average_precision_score. A constant `p` scores the share of risers. NaN without risers.
    """
    order = descending(p) if order is None else order
    p, w = np.asarray(p)[order], _weights(y, weight)[order]
    hits, seen = np.cumsum(w * np.asarray(y)[order]), np.cumsum(w)
    if not len(p) or hits[-1] <= 0:
        return float("nan")
    ends = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)  # the last row of each run of equal p
    hits, seen = hits[ends], seen[ends]
    precision = np.divide(hits, seen, out=np.zeros(len(ends)), where=seen > 0)
    return float(np.diff(hits, prepend=0.0) @ precision / hits[-1])


def brier(y, p, weight=None) -> float:
    """Return the mean of (p - y)^2 (Brier 1950). 0 is perfect."""
    return _mean((np.asarray(p, dtype=float) - y) ** 2, _weights(y, weight))


def brier_skill(y, p, weight=None) -> float:
    """Return 1 - brier / brier of the base rate, where the base rate is the share of risers *in the evaluated rows*.

    That reference uses the test set's own rate, which is unknown beforehand. 0 equals the best constant forecast, below 0 is worse, 1 is
    perfect.
    """
    w = _weights(y, weight)
    rate = _mean(np.asarray(y, dtype=float), w)
    reference = rate * (1 - rate)
    return 1 - brier(y, p, w) / reference if reference > 0 else float("nan")


def log_loss(y, p, weight=None, floor: float = 1e-7) -> float:
    """Return the mean of -log of the probability of the actual outcome, with p clipped to [floor, 1 - floor]."""
    p = np.clip(np.asarray(p, dtype=float), floor, 1 - floor)
    return _mean(-np.where(np.asarray(y) > 0, np.log(p), np.log1p(-p)), _weights(y, weight))


def precision_at_k_pooled(y, p, k: int, weight=None, order=None) -> float:
    """Return the share of risers among the k rows with the highest `p`, or among all rows where there are fewer than k."""
    order = descending(p) if order is None else order
    y, p, w = np.asarray(y)[order], np.asarray(p)[order], _weights(y, weight)[order]
    seen = np.cumsum(w)
    if not len(p) or seen[-1] <= 0:
        return float("nan")
    k = min(float(k), seen[-1])
    edge = -p[min(np.searchsorted(seen, k), len(p) - 1)]  # the k-th row's value, negated to search an ascending array
    first, last = np.searchsorted(-p, edge, side="left"), np.searchsorted(-p, edge, side="right")
    above, tied = w[:first], w[first:last]
    return float((above @ y[:first] + (k - above.sum()) * (tied @ y[first:last]) / tied.sum()) / k)


def precision_at_k(y, p, origin, k: int, weight=None, origin_weight=None, order=None) -> float:
    """Return the mean over origins of the share of risers among the k rows with the highest `p` *at that origin*.

    This is what a merchandiser gets from the first k lines of the ranking every week: "precision@50" in the reports. `origin` (n,) any
    labels; `weight` (n,) weighs rows within their origin; `origin_weight` (n,) weighs whole origins and is constant within one; `order`
    (n,) lists rows by origin, then by falling `p`.
    """
    y, p, origin = np.asarray(y), np.asarray(p), np.asarray(origin)
    order = np.lexsort((-p, origin)) if order is None else order
    if not len(order):
        return float("nan")
    w, of_origin = _weights(y, weight), _weights(y, origin_weight)
    starts = np.flatnonzero(np.append(True, origin[order][1:] != origin[order][:-1]))
    total = sum_of_weights = 0.0
    for rows in np.split(order, starts[1:]):
        if of_origin[rows[0]] > 0 and w[rows].sum() > 0:
            here = np.arange(len(rows))
            total += of_origin[rows[0]] * precision_at_k_pooled(y[rows], p[rows], k, w[rows], here)
            sum_of_weights += of_origin[rows[0]]
    return total / sum_of_weights if sum_of_weights else float("nan")


def lift_at_share(y, p, share: float = 0.1, weight=None, order=None) -> float:
    """Return the share of risers among the `share` of rows with the highest `p`, divided by the share among all rows."""
    w = _weights(y, weight)
    rate = _mean(np.asarray(y, dtype=float), w)
    return precision_at_k_pooled(y, p, share * w.sum(), w, order) / rate if rate > 0 else float("nan")


def at_threshold(y, p, threshold: float, weight=None) -> dict[str, float]:
    """Return accuracy, precision, recall and F1 of classifying rows with `p` of at least `threshold` as risers.

    Precision is NaN where no row is classified as rising. Accuracy means little for a rare event: never classifying a row as rising
    reaches 1 - the base rate.
    """
    w, called = _weights(y, weight), np.asarray(p) >= threshold
    rose = np.asarray(y) > 0
    right, calls, risers = w @ (called & rose), w @ called, w @ rose
    return {
        "accuracy": _mean((called == rose).astype(float), w),
        "precision": float(right / calls) if calls > 0 else float("nan"),
        "recall": float(right / risers) if risers > 0 else float("nan"),
        "f1": float(2 * right / (calls + risers)) if calls + risers > 0 else float("nan"),
    }


def reliability_bins(p, bins: int = ECE_BINS) -> np.ndarray:
    """Return (n,) bin numbers: about equally many rows per bin, and rows of equal `p` always in one bin."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])) if len(p) else np.empty(0)
    return np.searchsorted(edges, p, side="left")


def reliability(y, p, bins: int = ECE_BINS, weight=None, bin_of=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (predicted, observed, rows) of each bin that has rows: the points of a calibration plot."""
    w = _weights(y, weight)
    bin_of = reliability_bins(np.asarray(p), bins) if bin_of is None else bin_of
    rows = np.bincount(bin_of, w, bins)
    kept = rows > 0
    predicted, observed = np.bincount(bin_of, w * p, bins), np.bincount(bin_of, w * y, bins)
    return predicted[kept] / rows[kept], observed[kept] / rows[kept], rows[kept]


def ece(y, p, bins: int = ECE_BINS, weight=None, bin_of=None) -> float:
    """Return the expected calibration error: mean |predicted - observed| over bins of equally many rows (Nguyen & O'Connor 2015).

    Bins of equal width would put nearly every row of a 7% event into the first one. With few rows it is well above 0 even for a perfect
    model, since each bin's observed share is noisy.
    """
    predicted, observed, rows = reliability(y, p, bins, weight, bin_of)
    return _mean(np.abs(predicted - observed), rows)


def summary(y, p, origin, weight=None, origin_weight=None, orders=None) -> dict[str, float]:
    """Return all metrics of the rising probability on one set of rows. `orders` from `prepare` saves sorting in repeated calls."""
    whole, by_origin, bin_of = prepare(p, origin) if orders is None else orders
    w = _weights(y, weight) * _weights(y, origin_weight)
    return {
        "average_precision": average_precision(y, p, w, whole),
        "brier": brier(y, p, w),
        "brier_skill": brier_skill(y, p, w),
        "log_loss": log_loss(y, p, w),
        "precision_at_50": precision_at_k(y, p, origin, TOP, weight, origin_weight, by_origin),
        "precision_at_100": precision_at_k(y, p, origin, 2 * TOP, weight, origin_weight, by_origin),
        "precision_at_50_pooled": precision_at_k_pooled(y, p, TOP, w, whole),
        "lift_top_tenth": lift_at_share(y, p, 0.1, w, whole),
        "ece": ece(y, p, weight=w, bin_of=bin_of),
        **at_threshold(y, p, WORTH_SAYING, w),
    }


def prepare(p, origin) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sorting for `summary` that weights do not change: (by p, by origin and p, calibration bin)."""
    p = np.asarray(p, dtype=float)
    return descending(p), np.lexsort((-p, np.asarray(origin))), reliability_bins(p)


# ---- demand quantiles


def pinball(actual, quantile, level) -> np.ndarray:
    """Return the quantile loss max(level (actual - quantile), (level - 1) (actual - quantile)), elementwise, in units (Koenker 2005)."""
    error = np.asarray(actual, dtype=float) - quantile
    return np.maximum(level * error, (level - 1) * error)


def weighted_quantile_loss(actual, quantile, levels, weight=None) -> float:
    """Return 2 x the summed pinball loss / the summed actual units, mean over levels (GluonTS's mean weighted quantile loss).

    actual (n,), quantile (n, L), levels (L,). 0 is perfect; NaN where nothing was sold.
    """
    w = _weights(actual, weight)
    actual = np.asarray(actual, dtype=float)
    sold = w @ np.abs(actual)
    loss = pinball(actual[:, None], quantile, np.asarray(levels)).mean(axis=1)
    return float(2 * (w @ loss) / sold) if sold > 0 else float("nan")


def coverage(actual, low, high, weight=None) -> float:
    """Return the share of rows whose actual units lie within [low, high]; all (n,)."""
    actual = np.asarray(actual)
    return _mean(((actual >= low) & (actual <= high)).astype(float), _weights(actual, weight))


def naive_scale(units, weeks: int) -> np.ndarray:
    """Return (n,) the scale of MASE (Hyndman & Koehler 2006), in units: mean |S_t - S_(t-weeks)| over a series' own history.

    S_t is the sum of the `weeks` weeks up to t. The scale is the in-sample error, one step ahead, of the naive forecast of the series of
    `weeks`-week sums, over all ways to cut the history into such steps. units (n, W), one series of weekly units per row, oldest first; a
    history begins with its first week above 0. NaN where history is shorter than two steps, or never changes.
    """
    units = np.asarray(units, dtype=float)
    if units.shape[1] < 2 * weeks:
        return np.full(len(units), np.nan)
    total = np.cumsum(np.pad(units, ((0, 0), (1, 0))), axis=1)
    change = np.abs(total[:, 2 * weeks :] - 2 * total[:, weeks:-weeks] + total[:, : -2 * weeks])
    began = np.where((units > 0).any(axis=1), np.argmax(units > 0, axis=1), units.shape[1])
    counts = np.arange(change.shape[1]) >= began[:, None]
    changed = (change * counts).sum(axis=1)
    return np.divide(changed, counts.sum(axis=1), out=np.full(len(units), np.nan), where=changed > 0)


# ---- uncertainty


def resamples(product, origin, *, replicates: int = REPLICATES, seed: int = 7, run: int = 4) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (weight, origin_weight), each (n,), once per replicate of a paired block bootstrap.

    Rows are not independent: a rising product rises at neighbouring origins, and origins a week apart share three quarters of their
    horizon. So whole products are drawn with replacement and, crossed with them, runs of `run` successive origins (circular; 4 weekly
    origins = one horizon). This is the pigeonhole bootstrap of Owen (2007) with the moving blocks of Kuensch (1989). A row weighs the
    product of both. The same seed gives the same draws for every model, so differences between models are paired.
    """
    products, product_of = np.unique(np.asarray(product), return_inverse=True)
    origins, origin_of = np.unique(np.asarray(origin), return_inverse=True)
    random = np.random.default_rng(seed)
    run = max(1, min(run, len(origins)))
    for _ in range(replicates):
        drawn = random.integers(len(products), size=len(products))
        starts = random.integers(len(origins), size=-(-len(origins) // run))
        weeks = ((starts[:, None] + np.arange(run)) % len(origins)).ravel()[: len(origins)]
        by_product = np.bincount(drawn, minlength=len(products)).astype(float)
        by_origin = np.bincount(weeks, minlength=len(origins)).astype(float)
        yield by_product[product_of], by_origin[origin_of]


def interval(replicates: np.ndarray, value: float | None = None, level: float = 0.95) -> tuple[float, float]:
    """Return (low, high): percentiles of the defined replicates, shifted so that their mean is `value`; NaN where none is defined.

    Drawing with replacement biases some metrics upwards, above all the calibration error: there are fewer distinct rows and noisier bins.
    Plain percentiles may then exclude the value itself. On simulated shops with product and week effects, shifted intervals contained the
    true average precision, Brier skill and ECE in 96 to 100% of cases, plain percentiles in 87 to 98%.
    """
    replicates = np.asarray(replicates, dtype=float)
    replicates = replicates[np.isfinite(replicates)]
    if not len(replicates):
        return float("nan"), float("nan")
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    shift = 0.0 if value is None else value - replicates.mean()
    return float(low + shift), float(high + shift)


def bootstrap(metric: Callable[[np.ndarray, np.ndarray], float], product, origin, **options) -> np.ndarray:
    """Return (replicates,) values of `metric(weight, origin_weight)`; options as for `resamples`."""
    return np.array([metric(w, o) for w, o in resamples(product, origin, **options)])
