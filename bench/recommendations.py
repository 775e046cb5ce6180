"""The rows on recommendations: lists of past days beside popularity, repeat purchase, EASE, item-kNN, ALS and TIFUKNN.

TIFUKNN: H. Hu et al., Modeling Personalized Item Frequency Information for Next-basket Recommendation, SIGIR 2020. ALS and item-kNN are
those of `implicit` (requirements-bench.txt).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sparse

from bench.measure import PYTHON, Failed, run
from bench.results import Limit, Result
from bench.shops import Bench, journey, need, sample, taken, uci

ORIGINS, APART = 8, 14  # test days, and days between them
TUNED = {  # settings that are compared on the day before the first test day
    "als": [
        {"factors": f, "regularization": r, "alpha": a}
        for f, r, a in ((32, 0.05, 5.0), (64, 0.05, 20.0), (64, 1.0, 5.0), (128, 0.05, 40.0))
    ],
    "tifuknn": [
        {"groups": g, "within": w, "near": k, "own": o} for g, w, k, o in ((0.7, 0.9, 300, 0.7), (0.9, 0.9, 100, 0.7), (0.9, 1.0, 300, 0.5))
    ],
    "item-knn": [{"near": k} for k in (50, 200)],
    "ease": [{"penalty": p} for p in (200.0, 500.0, 1000.0)],
}
MEASURES = ("recall", "ndcg", "recall_new", "ndcg_new")
LIMITS = (
    Limit("recall_ratio", 1.03, "", at_least=True),
    Limit("ndcg_ratio", 1.03, "", at_least=True),
    Limit("recall_new_ratio", 1.15, "", at_least=True),
    Limit("ndcg_new_ratio", 1.15, "", at_least=True),
    Limit("leaning_recall_ratio", 0.995, "", at_least=True),
    Limit("leaning_recall_new_ratio", 1.10, "", at_least=True),
)


def uci_recommendations(bench: Bench) -> Result:
    return _row(bench, "uci_recommendations", "Recommendations on UCI", uci(bench))


def journey_recommendations(bench: Bench) -> Result:
    return _row(bench, "journey_recommendations", "Recommendations on The Complete Journey, by product types", journey(bench))


def sample_recommendations(bench: Bench) -> Result:
    return _row(bench, "sample_recommendations", "Recommendations on the sample shop", sample(bench))


def _row(bench: Bench, name: str, what: str, workspace: Path) -> Result:
    need(workspace / "panel" / "neighbours.parquet", "panel")
    out = bench.work / f"{name}.json"
    done = run([PYTHON, "-m", "bench.recommendations", workspace, out], bench.log(name))
    found = json.loads(out.read_text(encoding="utf-8"))
    best = "The best other list in each measure: " + ", ".join(f"{found['best'][m]} ({m.replace('_', ' ')})" for m in MEASURES) + "."
    chosen = "Tuned on an earlier day: " + "; ".join(f"{k} {v}" for k, v in found["chosen"].items()) + "."
    return Result(name, what, taken(done) | found["figures"], LIMITS, (best, chosen), {"recommendations": found["lists"]})


def measured(workspace: Path) -> dict:
    """Measure every list at the test days; figures are means over the days, with 95% intervals by resampling days and customers."""
    from core.capabilities.recommendations import quality
    from core.capabilities.recommendations.lists import DOSE, ranks
    from core.capabilities.recommendations.tables import LEANING, OURS

    past = _read(workspace)
    purchases, last = past.purchases, int(past.purchases.day.max())
    days = [last - quality.HORIZON - APART * k for k in range(ORIGINS)][::-1]
    chosen = _tuned(past, days[0] - quality.HORIZON)
    each, means = [], []
    for day in days:
        recent, usual = (purchases.buyers(day, span) / span for span in (28, 84))
        momentum = np.where(usual > 0, recent / np.maximum(usual, 1e-9), np.nan)
        lean = {LEANING: DOSE * ranks(momentum)}
        found, rows = quality.measure(past, day, partial(_others, chosen=chosen), lean)
        means.append({name: vars(one) for name, one in found.items()})
        each.append(rows.assign(day=day))
    table = pd.concat(each)
    others = [name for name in means[0] if name not in (OURS, LEANING)]
    average = {name: {m: float(np.mean([day[name][m] for day in means])) for m in (*MEASURES, "coverage", "exposure")} for name in means[0]}
    best = {m: max(others, key=lambda name: average[name][m]) for m in MEASURES}
    figures: dict[str, float] = {"customers": float(np.mean([day[OURS]["customers"] for day in means])), "days": len(days)}
    for m in MEASURES:
        figures |= {m: average[OURS][m]} | _ratio(table, m, OURS, best[m], f"{m}_ratio")
    for m in ("recall", "recall_new"):
        figures |= _ratio(table, m, LEANING, OURS, f"leaning_{m}_ratio")
    return {"figures": figures, "best": best, "chosen": {k: str(v) for k, v in chosen.items()}, "lists": average}


def _ratio(table: pd.DataFrame, measure: str, ours: str, other: str, name: str, replicates: int = 500) -> dict[str, float]:
    """Return the ratio of two lists' mean over days, and the ends of its 95% interval: customers are drawn anew, with all their days."""
    wide = table[table.list.isin((ours, other))].pivot_table(index=["customer", "day"], columns="list", values=measure).dropna()
    customer, inverse = np.unique(wide.index.get_level_values(0), return_inverse=True)
    sums = {one: np.bincount(inverse, wide[one], len(customer)) for one in (ours, other)}
    random = np.random.default_rng(0)
    drawn = random.multinomial(len(customer), np.full(len(customer), 1 / len(customer)), replicates)
    ratios = (drawn @ sums[ours]) / np.maximum(drawn @ sums[other], 1e-12)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return {name: float(sums[ours].sum() / max(sums[other].sum(), 1e-12)), f"{name}_low": float(low), f"{name}_high": float(high)}


def _read(workspace: Path):
    from core.capabilities.recommendations.reading import read_purchases
    from core.capabilities.recommendations.signals import Past
    from core.storage.engine import open_engine
    from core.workspace import Workspace

    shop = Workspace(workspace)
    panel = json.loads((shop.panel / "panel.json").read_text(encoding="utf-8"))
    with open_engine(shop.warehouse, "duckdb", shop.cache, read_only=True) as engine:
        engine.table("features/order_lines", attribute="")
        found = read_purchases(engine, pd.Timestamp(panel["as_of"]).date(), shop.panel / "neighbours.parquet", [])
    return Past(found.purchases, found.similar)


# ---- the other lists


def _tuned(past, day: int) -> dict[str, dict]:
    """Return the settings of each kind with the best recall on the 14 days after an earlier day."""
    from core.capabilities.recommendations import quality

    found, _ = quality.measure(
        past,
        day,
        lambda signals: {f"{kind} {k}": KINDS[kind](signals, **s) for kind, all_ in TUNED.items() for k, s in enumerate(all_)},
    )
    return {kind: settings[max(range(len(settings)), key=lambda k: found[f"{kind} {k}"].recall)] for kind, settings in TUNED.items()}


def _others(signals, chosen: dict[str, dict]) -> dict[str, Callable]:
    from core.capabilities.recommendations import quality

    recent = {"bought before, recent first": lambda customers: signals.own[90][customers].toarray() + 1e-6 * np.exp(signals.popular[28])}
    return dict(quality.simple_lists(signals)) | recent | {kind: KINDS[kind](signals, **settings) for kind, settings in chosen.items()}


def _als(signals, **settings) -> Callable:
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(iterations=10, random_state=0, num_threads=1, **settings)
    model.fit(signals.days_bought, show_progress=False)
    return lambda customers: model.user_factors[customers] @ model.item_factors.T


def _item_knn(signals, near: int) -> Callable:
    from implicit.nearest_neighbours import CosineRecommender

    once = _once(signals)
    model = CosineRecommender(K=near, num_threads=1)
    model.fit(once, show_progress=False)
    popular = 1e-6 * np.exp(signals.popular[28])
    return lambda customers: (once[customers] @ model.similarity).toarray() + popular


def _ease(signals, penalty: float) -> Callable:
    from core.capabilities.recommendations.associations import ease

    once = _once(signals)
    weights = ease(once, penalty)
    return lambda customers: np.asarray(once[customers] @ weights) + 1e-6 * np.exp(signals.popular[28])


def _tifuknn(signals, groups: float, within: float, near: int, own: float, size: int = 7) -> Callable:
    """Return TIFUKNN's scores: a customer's baskets, of groups of `size`, weighted by age; mixed with those of the nearest customers."""
    known = signals.known
    rows = pd.DataFrame({"customer": known.customer, "product": known.product, "day": known.day})
    baskets = rows[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    baskets["from_last"] = baskets.groupby("customer").cumcount(ascending=False)
    baskets["baskets"] = baskets.groupby("customer").day.transform("size")
    rows = rows.merge(baskets, on=["customer", "day"])
    group = rows.from_last // size
    in_group = np.minimum(size, rows.baskets - group * size)
    weight = within ** (rows.from_last % size) / in_group * groups**group / np.ceil(rows.baskets / size)
    shape = (known.customers, known.products)
    vectors = sparse.csr_matrix((weight.astype(np.float32), (rows.customer, rows["product"])), shape=shape)
    active = np.flatnonzero(np.diff(vectors.indptr))
    others = vectors[active]
    squares = np.asarray(others.multiply(others).sum(1)).ravel()

    def scores(customers: np.ndarray) -> np.ndarray:
        asked = vectors[customers]
        distance = squares[None] - 2 * (asked @ others.T).toarray()
        distance[np.arange(len(customers)), np.searchsorted(active, customers)] = np.inf
        nearest = np.argpartition(distance, min(near, len(active)) - 1, axis=1)[:, :near]
        places = np.repeat(np.arange(len(customers)), nearest.shape[1])
        mean = sparse.csr_matrix(
            (np.full(nearest.size, 1 / nearest.shape[1], np.float32), (places, nearest.ravel())), shape=(len(customers), len(active))
        )
        return own * asked.toarray() + (1 - own) * (mean @ others).toarray() + 1e-6 * np.exp(signals.popular[28])

    return scores


def _once(signals) -> sparse.csr_matrix:
    once = signals.days_bought.copy()
    once.data[:] = 1
    return once


KINDS = {"als": _als, "item-knn": _item_knn, "ease": _ease, "tifuknn": _tifuknn}


if __name__ == "__main__":
    import sys

    try:
        import implicit  # noqa: F401
    except ImportError:
        raise Failed("install requirements-bench.txt: ALS and item-kNN need implicit") from None
    Path(sys.argv[2]).write_text(json.dumps(measured(Path(sys.argv[1])), indent=1), encoding="utf-8")
