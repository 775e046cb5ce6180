"""How good forecasts are: numpy in, numbers out.

Conventions: `y` (n,) is 0/1, `p` (n,) probabilities or scores, `weight` (n,) how often a row counts (default once each;
a bootstrap replicate is nothing but other weights). A metric that is undefined on its rows (no rows, or no risers
where it needs some) is NaN, never a made-up number. Where several rows share one value of `p`, ranking metrics take
the expectation over all orders of the tied rows, so that the order of a file can never help or hurt a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from core.schema import WORTH_SAYING

ECE_BINS = 10
TOP = 50
REPLICATES = 400
# Better is higher for these, lower for the rest; the comparison of models reads it.
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
    """(n,) row numbers from the highest `p` to the lowest. Made once, it serves every replicate of a bootstrap."""
    return np.argsort(-np.asarray(p), kind="stable")


def average_precision(y, p, weight=None, order=None) -> float:
    """Area under precision over recall by steps, sum of (R_k - R_{k-1}) P_k over distinct values of `p`.

    As scikit-learn's average_precision_score. A constant `p` scores the share of risers. NaN without risers.
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
    """Mean of (p - y)^2: the objective of the problem statement (Brier 1950). 0 is perfect."""
    return _mean((np.asarray(p, dtype=float) - y) ** 2, _weights(y, weight))


def brier_skill(y, p, weight=None) -> float:
    """1 - brier / brier of the base rate, the base rate being the share of risers *in the evaluated rows themselves*.

    That reference knows the test set's own rate, which no forecast made beforehand can: 0 is already a good constant
    forecast, below 0 is worse than it, 1 is perfect.
    """
    w = _weights(y, weight)
    rate = _mean(np.asarray(y, dtype=float), w)
    reference = rate * (1 - rate)
    return 1 - brier(y, p, w) / reference if reference > 0 else float("nan")


def log_loss(y, p, weight=None, floor: float = 1e-7) -> float:
    """Mean of -log of the probability given to what happened, with p kept in [floor, 1 - floor]."""
    p = np.clip(np.asarray(p, dtype=float), floor, 1 - floor)
    return _mean(-np.where(np.asarray(y) > 0, np.log(p), np.log1p(-p)), _weights(y, weight))


def precision_at_k_pooled(y, p, k: int, weight=None, order=None) -> float:
    """Share of risers among the k rows with the highest `p` (among all rows where there are fewer than k)."""
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
    """Mean over origins of the share of risers among the k rows with the highest `p` *at that origin*.

    This is what a merchandiser gets who looks at the first k lines of the ranking every week: the "precision@50" of
    the reports. `origin` (n,) any labels; `weight` (n,) weighs rows inside their origin, `origin_weight` (n,) weighs
    whole origins and is constant within one; `order` (n,) lists rows by origin, then by falling `p`.
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
    """How many times more risers than average are among the `share` of rows with the highest `p`."""
    w = _weights(y, weight)
    rate = _mean(np.asarray(y, dtype=float), w)
    return precision_at_k_pooled(y, p, share * w.sum(), w, order) / rate if rate > 0 else float("nan")


def at_threshold(y, p, threshold: float, weight=None) -> dict[str, float]:
    """Accuracy, precision, recall and F1 of calling a row a riser where `p` is at least `threshold`. Precision is NaN where none is
    called. Accuracy says little of a rare event: calling none has that of the base rate."""
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
    """(n,) bin number of each row: about equally many rows a bin, and rows of equal `p` always in one bin."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])) if len(p) else np.empty(0)
    return np.searchsorted(edges, p, side="left")


def reliability(y, p, bins: int = ECE_BINS, weight=None, bin_of=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(predicted, observed, rows) of each bin that holds rows: the points of a calibration plot."""
    w = _weights(y, weight)
    bin_of = reliability_bins(np.asarray(p), bins) if bin_of is None else bin_of
    rows = np.bincount(bin_of, w, bins)
    kept = rows > 0
    predicted, observed = np.bincount(bin_of, w * p, bins), np.bincount(bin_of, w * y, bins)
    return predicted[kept] / rows[kept], observed[kept] / rows[kept], rows[kept]


def ece(y, p, bins: int = ECE_BINS, weight=None, bin_of=None) -> float:
    """Expected calibration error: mean |predicted - observed| over bins of equally many rows (Nguyen & O'Connor 2015).

    Equal-width bins would put nearly every row of a 7% event into the first one. On few rows it is never near 0, even
    for a perfect model, as each bin's observed share is noisy.
    """
    predicted, observed, rows = reliability(y, p, bins, weight, bin_of)
    return _mean(np.abs(predicted - observed), rows)


def summary(y, p, origin, weight=None, origin_weight=None, orders=None) -> dict[str, float]:
    """All metrics of the rising probability on one set of rows. `orders` is what `prepare` returns, for many calls."""
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
    """The sorting that `summary` needs and weights don't change: (by p, by origin and p, calibration bin)."""
    p = np.asarray(p, dtype=float)
    return descending(p), np.lexsort((-p, np.asarray(origin))), reliability_bins(p)


# ---- demand quantiles


def pinball(actual, quantile, level) -> np.ndarray:
    """Quantile loss max(level (actual - quantile), (level - 1) (actual - quantile)), elementwise, in units (Koenker 2005)."""
    error = np.asarray(actual, dtype=float) - quantile
    return np.maximum(level * error, (level - 1) * error)


def weighted_quantile_loss(actual, quantile, levels, weight=None) -> float:
    """2 x the summed pinball loss / the summed actual units, mean over levels (as GluonTS's mean weighted quantile loss).

    actual (n,), quantile (n, L), levels (L,). 0 is perfect; NaN where nothing was sold.
    """
    w = _weights(actual, weight)
    actual = np.asarray(actual, dtype=float)
    sold = w @ np.abs(actual)
    loss = pinball(actual[:, None], quantile, np.asarray(levels)).mean(axis=1)
    return float(2 * (w @ loss) / sold) if sold > 0 else float("nan")


def coverage(actual, low, high, weight=None) -> float:
    """Share of rows whose actual units lie within [low, high]; all (n,)."""
    actual = np.asarray(actual)
    return _mean(((actual >= low) & (actual <= high)).astype(float), _weights(actual, weight))


def naive_scale(units, weeks: int) -> np.ndarray:
    """What MASE (Hyndman & Koehler 2006) divides an error by: mean |S_t - S_(t-weeks)| over a series' own history, where S_t
    is the units of the `weeks` weeks up to t. That is the in-sample error, one step ahead, of the naive forecast of the series
    of `weeks`-week sums, over all ways to cut the history into such steps.

    units (n, W), one series of weekly units a row, oldest first; a history begins with its first week above 0. Gives (n,)
    units; NaN where history is shorter than two steps, or never changed.
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
    """Paired block bootstrap: yields (weight, origin_weight), each (n,), once a replicate.

    Rows are not independent: a product that rises does so at neighbouring origins, and origins a week apart share
    three quarters of their horizon. So whole products are drawn with replacement and, crossed with them, runs of
    `run` successive origins (circular; 4 weekly origins = one horizon): the pigeonhole bootstrap of Owen (2007) with
    the moving blocks of Kuensch (1989). A row weighs the product of both. The same seed gives the same draws whatever
    the model, so differences between models are paired.
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
    """(low, high): percentiles of the replicates that are defined, moved so that their mean is `value`; NaN where none is.

    Drawing with replacement makes some metrics systematically larger (calibration error above all: fewer distinct rows, noisier
    bins), so plain percentiles may not even hold the value itself. On simulated shops with product and week effects the moved
    ones held the true average precision, Brier skill and ECE in 96 to 100% of cases, plain percentiles in 87 to 98%.
    """
    replicates = np.asarray(replicates, dtype=float)
    replicates = replicates[np.isfinite(replicates)]
    if not len(replicates):
        return float("nan"), float("nan")
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    move = 0.0 if value is None else value - replicates.mean()
    return float(low + move), float(high + move)


def bootstrap(metric: Callable[[np.ndarray, np.ndarray], float], product, origin, **options) -> np.ndarray:
    """(replicates,) values of `metric(weight, origin_weight)`; options as for `resamples`."""
    return np.array([metric(w, o) for w, o in resamples(product, origin, **options)])
