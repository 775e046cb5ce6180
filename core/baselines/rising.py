"""Baselines of the rising probability. Each is one function with one interface:

    predict = baseline(panel, rows)    # learns from these row numbers of a core.training.Panel, whose labels are known
    p = predict(panel, other_rows)     # (len(other_rows),) rising probabilities

None of them sees a row that is not in `rows`; vocabularies, priors and scales come from `rows` alone.
lightgbm is a development dependency and is imported only here, when asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.schema import ALL

Predict = Callable[[object, np.ndarray], np.ndarray]

# The settings: no early stopping, so nothing is chosen on the test rows.
TREES = 300
THREADS = os.cpu_count() or 1
LIGHTGBM = {"objective": "binary", "learning_rate": 0.03, "num_leaves": 31, "min_data_in_leaf": 100, "verbosity": -1,
            "seed": 7, "deterministic": True, "force_row_wise": True}
TEXT_WIDTH = 32  # singular vectors kept of the TF-IDF matrix
MOMENTUM = "month_on_month"  # last four weeks against the four before: the feature whose order the momentum rule follows
# Latin words of two letters and more; each Chinese character by itself, its bigrams being the words.
_WORDS = r"(?u)[^\W_\u4e00-\u9fff]{2,}|[\u4e00-\u9fff]"


@dataclass(frozen=True)
class Baseline:
    """every_segment: it learns from and is tested on all segments, not only `all`."""

    name: str
    title: str
    learn: Callable[[object, np.ndarray], Predict]
    every_segment: bool


def base_rate(panel, rows: np.ndarray) -> Predict:
    """The share of risers in the training rows of the same segment; that of `all` for a segment not seen there."""
    rising, segment = panel.rising[rows], panel.segment[rows]
    every = float(rising.mean())
    rates = np.array([rising[segment == s].mean() if (segment == s).any() else np.nan for s in range(len(panel.segments))])
    whole = rates[panel.segments.index(ALL)] if ALL in panel.segments else every
    rates = np.where(np.isnan(rates), every if np.isnan(whole) else whole, rates)
    return lambda panel, rows: rates[panel.segment[rows]]


def momentum_rule(panel, rows: np.ndarray) -> Predict:
    """What a merchandiser does by hand: what has been growing goes on growing.

    Ranks by one feature, MOMENTUM; a logistic curve of it (two numbers, learnt) makes that a probability. Its slope is
    never negative: the rule may be worthless, but it does not turn into its opposite.
    """
    from sklearn.linear_model import LogisticRegression

    if MOMENTUM not in panel.feature_names:
        raise UserError(f"the feature {MOMENTUM} in the panel", ", ".join(panel.feature_names), "run `upswing features` again")
    column = panel.feature_names.index(MOMENTUM)

    def trend(panel, rows):
        times = np.nan_to_num(np.asarray(panel.x[rows, column], dtype=float), nan=1.0)
        return np.log(np.maximum(times, 1e-6))[:, None]

    curve = LogisticRegression().fit(trend(panel, rows), panel.rising[rows] > 0)
    curve.coef_ = np.maximum(curve.coef_, 1e-6)
    return lambda panel, rows: curve.predict_proba(trend(panel, rows))[:, 1]


def boosted_trees(panel, rows: np.ndarray) -> Predict:
    """Gradient-boosted trees on the panel's numbers, without the segment."""
    return _trees(panel, rows, lambda panel, rows: np.asarray(panel.x[rows]))


def boosted_trees_text(panel, rows: np.ndarray) -> Predict:
    """The same with the text's TF-IDF, reduced to TEXT_WIDTH singular vectors, both fitted on the products of `rows`."""
    text = _text_vectors(panel, rows)
    return _trees(panel, rows, lambda panel, rows: np.hstack([panel.x[rows], text[panel.product[rows]]]))


def boosted_trees_text_segments(panel, rows: np.ndarray) -> Predict:
    """The same again with the segment as a category, learnt from the rows of `all` and as many, drawn once, of the segments:
    the model's own diet, and a panel of a dozen segments would take five times the time."""
    whole, rest = rows[panel.all_rows[rows]], rows[~panel.all_rows[rows]]
    if 0 < len(whole) < len(rest):
        rest = np.random.default_rng(7).choice(rest, len(whole), replace=False)
    rows = np.sort(np.concatenate([whole, rest]))
    text = _text_vectors(panel, rows)

    def features(panel, rows):
        return np.hstack([panel.segment[rows][:, None].astype(np.float32), panel.x[rows], text[panel.product[rows]]])

    return _trees(panel, rows, features, categorical_feature=[0])


BASELINES: tuple[Baseline, ...] = (
    Baseline("base_rate", "base rate", base_rate, True),
    Baseline("momentum", "momentum rule", momentum_rule, True),
    Baseline("lightgbm", "LightGBM", boosted_trees, False),
    Baseline("lightgbm_text", "LightGBM + TF-IDF text", boosted_trees_text, False),
    Baseline("lightgbm_text_segments", "LightGBM + TF-IDF text, all segments", boosted_trees_text_segments, True),
)


def _trees(panel, rows: np.ndarray, features: Callable, **options) -> Predict:
    try:
        import lightgbm
    except ImportError as error:
        raise UserError("lightgbm, which the baselines of a backtest need", "it is not installed",
                        "install requirements-dev.txt") from error
    data = lightgbm.Dataset(features(panel, rows), panel.rising[rows], free_raw_data=True, **options)
    booster = lightgbm.train({**LIGHTGBM, "num_threads": THREADS}, data, num_boost_round=TREES)
    return lambda panel, rows: booster.predict(features(panel, rows))


def _text_vectors(panel, rows: np.ndarray) -> np.ndarray:
    """(products, TEXT_WIDTH) float32, at most that wide: every product's text, in terms of the training products' texts."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    seen = np.unique(panel.product[rows])
    words = TfidfVectorizer(token_pattern=_WORDS, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        known = words.fit_transform([panel.texts[i] for i in seen])
    except ValueError:  # no word stands in two texts: there is nothing that one product's text says about another
        return np.zeros((len(panel.texts), 1), dtype=np.float32)
    width = min(TEXT_WIDTH, known.shape[1] - 1, known.shape[0] - 1)
    if width < 1:
        return np.zeros((len(panel.texts), 1), dtype=np.float32)
    svd = TruncatedSVD(width, random_state=7).fit(known)
    return svd.transform(words.transform(panel.texts)).astype(np.float32)
