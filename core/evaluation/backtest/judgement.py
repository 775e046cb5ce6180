"""From predictions and what happened to metrics with intervals, for all rows and for slices, and to who is ahead."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from core.evaluation import metrics
from core.messages import Message, msg
from core.progress import Progress, paced, silent
from core.schema import ALL, DEMAND_LEVELS, DEMAND_WEEKS

MODEL = "model"
SLICE_REPLICATES = 200  # slices need a rougher interval than the main figure
AGES = (
    ("under 4 weeks on sale", 0, 28),
    ("under 8 weeks on sale", 0, 56),
    ("8 weeks to a year on sale", 56, 365),
    ("over a year on sale", 365, np.inf),
)
PACES = (
    ("under 5 orders in the base window", 0, 5),
    ("5 to 19 orders in the base window", 5, 20),
    ("20 and more orders in the base window", 20, np.inf),
)
LENGTHS = (("text under 30 characters", 1, 30), ("text of 30 to 99 characters", 30, 100), ("text of 100 characters and more", 100, np.inf))
RANDOM_PRODUCTS = 1000  # as in the problem statement
MOST_CATEGORIES = 12  # the largest by rows
ABLATION = ("average_precision", "brier_skill")  # what drivers and switches are weighed by
ROUNDING = 1e-9
ABLATED = (ALL, "under 8 weeks on sale")
SAMPLE = "demand sample"  # the rows on which every demand learner forecasts
INTERVALS = {"coverage_50": (0.25, 0.75), "coverage_80": (0.1, 0.9), "coverage_95": (0.025, 0.975)}  # metric -> levels of its ends
READ = ("coverage", "bias")  # nearer to a promise is better, not higher or lower: read, not ranked


@dataclass
class Evidence:
    """Everything that was predicted and what happened, one entry a test row; n rows in all.

    rising: learner -> (n,) probability, NaN where the learner does not predict that row.
    without: driver -> (n,) the model's probability were that driver absent, NaN outside segment `all`.
    switched: switch -> (n,) the probability of the model learnt anew with that switch flipped, NaN likewise.
    demand: learner -> (n, 5, 9) float32 units, NaN where the learner does not predict; actual (n, 5), NaN where the weeks have not
    passed; scale (n, 5) units, what MASE divides by, NaN where there is none; sampled (n,) bool, rows of the demand sample.
    """

    block: np.ndarray
    origin: np.ndarray
    product: np.ndarray
    segment: np.ndarray  # names
    y: np.ndarray  # 1 where it rose
    fell: np.ndarray
    n_base: np.ndarray
    n_horizon: np.ndarray
    expected: np.ndarray
    days_on_sale: np.ndarray
    text: np.ndarray  # what the encoder reads, "" = nothing
    category: np.ndarray  # names, None = unknown
    actual: np.ndarray
    scale: np.ndarray
    sampled: np.ndarray
    falling: np.ndarray  # the model's probability
    rising: dict[str, np.ndarray] = field(default_factory=dict)
    without: dict[str, np.ndarray] = field(default_factory=dict)
    switched: dict[str, np.ndarray] = field(default_factory=dict)
    demand: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: list[Evidence]) -> Evidence:
        """The rows of all parts, in their order; all parts have the same learners."""

        def rows(name: str):
            values = [getattr(part, name) for part in parts]
            if not isinstance(values[0], dict):
                return np.concatenate(values)
            # A block may lack what another has, such as a driver without data yet.
            return {
                k: np.concatenate([v.get(k, np.full(len(part.y), np.nan)) for v, part in zip(values, parts)])
                for k in dict.fromkeys(k for v in values for k in v)
            }

        return cls(**{f.name: rows(f.name) for f in fields(cls)})

    def slices(self) -> dict[str, np.ndarray]:
        """Name -> (n,) mask. `all` is segment `all` over all blocks: the main figure."""
        whole = self.segment == ALL
        cut = {ALL: whole}
        blocks = np.unique(self.block)
        if len(blocks) > 1:
            cut |= {f"block {b}": whole & (self.block == b) for b in blocks}
        cut |= {name: whole & (self.days_on_sale >= low) & (self.days_on_sale < high) for name, low, high in AGES}
        cut |= {name: whole & (self.n_base >= low) & (self.n_base < high) for name, low, high in PACES}
        cut |= self._of_texts(whole) | self._of_categories(whole)
        products = np.unique(self.product[whole])
        if len(products) > RANDOM_PRODUCTS:
            drawn = np.random.default_rng(7).choice(products, RANDOM_PRODUCTS, replace=False)
            cut[f"{RANDOM_PRODUCTS:,} random products"] = whole & np.isin(self.product, drawn)
        cut[SAMPLE] = self.sampled
        cut |= {f"segment {s}": self.segment == s for s in sorted(set(self.segment.tolist()) - {ALL})}
        return {name: mask for name, mask in cut.items() if mask.any()}

    def _of_texts(self, whole: np.ndarray) -> dict[str, np.ndarray]:
        texts, of = np.unique(self.text.astype(str), return_inverse=True)
        length = np.array([len(t) for t in texts])[of]
        chinese = np.array([any("\u3400" <= c <= "\u9fff" for c in t) for t in texts])[of]
        cut = {name: whole & (length >= low) & (length < high) for name, low, high in LENGTHS}
        if chinese.any():
            cut |= {"text with Chinese": whole & chinese, "text without Chinese": whole & ~chinese & (length > 0)}
        return cut

    def _of_categories(self, whole: np.ndarray) -> dict[str, np.ndarray]:
        names, counts = np.unique([c for c in self.category[whole] if c is not None], return_counts=True)
        largest = names[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]]
        return {f"category {name}": whole & (self.category == name) for name in sorted(largest)}


def judge(evidence: Evidence, progress: Progress = silent) -> dict:
    """{"metrics", "differences", "best", "slices", "ablation", "switches"}, nested slice by slice:

    metrics[learner][slice][metric] = {value, low, high}; low and high are the ends of its 95% interval.
    differences[baseline][slice][metric] = {value, low, high, verdict} of model minus baseline on the same resamples; the
    verdict is "ahead", "behind" or "even" (the interval holds 0), from the model's side.
    best[slice][metric] = the learner with the best value, whoever that is.
    ablation[driver][slice][metric] = {value, low, high, verdict} of the model minus itself with that driver absent: what the driver adds
    to this model. switches[switch][slice][metric] likewise of the model minus the one learnt with that switch flipped. Slices: ABLATED
    and the blocks; metrics: ABLATION.
    """
    progress = paced(progress)
    found: dict = {"metrics": {}, "differences": {}, "best": {}, "slices": {}}
    cut = evidence.slices()
    work, done = sum(mask.sum() * (2 if name == ALL else 1) for name, mask in cut.items()), 0
    for name, mask in cut.items():
        rows = np.flatnonzero(mask)
        found["slices"][name] = {
            "rows": len(rows),
            "risers": int(evidence.y[rows].sum()),
            "products": len(np.unique(evidence.product[rows])),
            "origins": len(np.unique(evidence.origin[rows])),
        }
        replicates = metrics.REPLICATES if name == ALL else SLICE_REPLICATES
        share = len(rows) * (2 if name == ALL else 1) / work

        def tell(part: float, message: Message = msg("Confidence intervals: {slice}", slice=name)) -> None:
            progress("judge", done + share * part, message)

        _slice(found, name, _rising(evidence, rows, replicates, tell), metrics.HIGHER_IS_BETTER)
        _slice(found, name, _demand(evidence, rows, replicates), set())
        done += share
    for part, variants in (("ablation", evidence.without), ("switches", evidence.switched)):
        found[part] = {variant: {} for variant in variants}
        for name in (n for n in cut if variants and (n in ABLATED or n.startswith("block "))):
            for variant, figures in _ablation(evidence, variants, np.flatnonzero(cut[name])).items():
                found[part][variant][name] = figures
    return found


def _ablation(evidence: Evidence, variants: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, dict[str, dict]]:
    """variant -> metric -> figure of the model minus the variant, on the same resamples."""
    y = evidence.y[rows].astype(float)
    known = {name: p[rows] for name, p in variants.items() if np.isfinite(p[rows]).all()}
    predicted = [evidence.rising[MODEL][rows], *known.values()]
    orders = [metrics.descending(p) for p in predicted]

    def measured(weight) -> np.ndarray:
        return np.array(
            [(metrics.average_precision(y, p, weight, order), metrics.brier_skill(y, p, weight)) for p, order in zip(predicted, orders)]
        )

    value = measured(None)
    resamples = metrics.resamples(evidence.product[rows], evidence.origin[rows], replicates=SLICE_REPLICATES)
    drawn = np.stack([measured(w * o) for w, o in resamples])
    lead, leads = value[0] - value[1:], drawn[:, :1] - drawn[:, 1:]
    return {name: {metric: _compared(lead[i, m], leads[:, i, m], 1) for m, metric in enumerate(ABLATION)} for i, name in enumerate(known)}


def _rising(evidence: Evidence, rows: np.ndarray, replicates: int, tell) -> dict[str, tuple[dict, dict]]:
    """learner -> (values, replicates of each metric) on rows that it predicts."""
    y, origin = evidence.y[rows].astype(float), evidence.origin[rows]
    learners = {name: p[rows].astype(float) for name, p in evidence.rising.items() if np.isfinite(p[rows]).all()}
    orders = {name: metrics.prepare(p, origin) for name, p in learners.items()}
    values = {name: metrics.summary(y, p, origin, orders=orders[name]) for name, p in learners.items()}
    drawn: dict[str, list[dict]] = {name: [] for name in learners}
    for i, (weight, origin_weight) in enumerate(metrics.resamples(evidence.product[rows], origin, replicates=replicates)):
        for name, p in learners.items():
            drawn[name].append(metrics.summary(y, p, origin, weight, origin_weight, orders[name]))
        tell((i + 1) / replicates)
    return {name: (values[name], {m: np.array([d[m] for d in drawn[name]]) for m in values[name]}) for name in learners}


def _demand(evidence: Evidence, rows: np.ndarray, replicates: int) -> dict[str, tuple[dict, dict]]:
    """As _rising for the quantiles: learner -> (values, replicates of each metric, by weeks), for what it predicts on all these rows.

    wql: 2 x summed pinball loss / summed units, mean over levels. coverage: share inside the interval. mase: mean of
    |median - actual| / scale over rows that have a scale. bias: summed (median - actual) / summed units; above 0 is too much.
    Every metric is a ratio of sums, so all replicates are one matrix product.
    """
    actual, scale = evidence.actual[rows], evidence.scale[rows]
    known, scaled = np.isfinite(actual), np.isfinite(actual) & np.isfinite(scale)
    actual, scale = np.where(known, actual, 0.0), np.where(scaled, scale, 1.0)
    level = {value: i for i, value in enumerate(DEMAND_LEVELS)}
    weights = np.ones((1 + replicates, len(rows)))
    for i, (weight, origin_weight) in enumerate(metrics.resamples(evidence.product[rows], evidence.origin[rows], replicates=replicates), 1):
        weights[i] = weight * origin_weight
    found = {}
    for name, quantiles in evidence.demand.items():
        q = quantiles[rows].astype(float)
        if np.isnan(q).any(axis=(0, 2)).all():  # it forecasts other rows
            continue
        wrong = q[:, :, level[0.5]] - actual
        loss = 2 * metrics.pinball(actual[:, :, None], q, np.array(DEMAND_LEVELS)).mean(axis=2)
        sums = {
            "wql": (loss * known, np.abs(actual)),
            "bias": (wrong * known, np.abs(actual)),
            "mase": (np.abs(wrong) / scale * scaled, scaled),
        }
        for metric, (low, high) in INTERVALS.items():
            inside = np.where(np.isnan(wrong), np.nan, (actual >= q[:, :, level[low]]) & (actual <= q[:, :, level[high]]))
            sums[metric] = (inside * known, known)
        over, under = (np.concatenate([pair[i] for pair in sums.values()], axis=1).astype(float) for i in (0, 1))
        drawn = _ratio(weights @ over, weights @ under)  # one NaN forecast makes the sum NaN: the metric is undefined and left out
        names = [f"{metric}_{weeks}w" for metric in sums for weeks in DEMAND_WEEKS]
        named = {metric: values for metric, values in zip(names, drawn.T) if np.isfinite(values[0])}
        found[name] = ({m: float(v[0]) for m, v in named.items()}, {m: v[1:] for m, v in named.items()})
    return found


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)


def _slice(found: dict, name: str, learners: dict[str, tuple[dict, dict]], higher_is_better: set[str]) -> None:
    """Enters one slice: each learner's figures, the model's lead over each baseline, and the best learner a metric."""
    for learner, (values, drawn) in learners.items():
        entries = found["metrics"].setdefault(learner, {}).setdefault(name, {})
        entries |= {m: _figure(value, drawn[m], -np.inf if m.startswith(("brier_skill", "bias")) else 0.0) for m, value in values.items()}
    best = found["best"].setdefault(name, {})
    for metric in next(iter(learners.values()), ({}, {}))[0]:
        if metric.startswith(READ):
            continue
        sign = 1 if metric in higher_is_better else -1
        values = {learner: sign * v[metric] for learner, (v, _) in learners.items() if np.isfinite(v.get(metric, np.nan))}
        if values:
            best[metric] = max(values, key=lambda learner: values[learner])
        for learner, (v, drawn) in learners.items():
            if learner == MODEL or MODEL not in values or learner not in values:
                continue
            mine, my_draws = learners[MODEL][0], learners[MODEL][1]
            figure = _compared(mine[metric] - v[metric], my_draws[metric] - drawn[metric], sign)
            found["differences"].setdefault(learner, {}).setdefault(name, {})[metric] = figure


def _compared(lead: float, replicates: np.ndarray, sign: int) -> dict:
    """The figure of a difference with its verdict; sign: 1 where higher is better, -1 where lower is. What rounding can make is even."""
    figure = _figure(lead, replicates)
    verdict = "even"
    low, high = figure["low"], figure["high"]
    if low is not None and high is not None and (low > ROUNDING or high < -ROUNDING):
        verdict = "ahead" if (low > 0) == (sign > 0) else "behind"
    return figure | {"verdict": verdict}


def _figure(value: float, replicates: np.ndarray, floor: float = -np.inf) -> dict[str, float | None]:
    """JSON knows no NaN: what is undefined is null."""
    low, high = metrics.interval(replicates, value)
    return {k: float(v) if np.isfinite(v) else None for k, v in (("value", value), ("low", max(low, floor)), ("high", high))}
