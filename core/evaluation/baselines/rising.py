"""Baselines of the rising probability. Each is one function with one interface:

    predict = baseline(panel, rows, seconds)  # learns from these row numbers of a core.models.candidate.Panel, whose labels are known
    p = predict(panel, other_rows)            # (len(other_rows),) rising probabilities

None of them sees a row that is not in `rows`; vocabularies, priors and scales come from `rows` alone. seconds is the time that the
fusion model took; only a baseline that searches uses it, and searches for as long. lightgbm is optional: a baseline whose
packages are not installed is left out of a backtest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.errors import UserError
from core.messages import Message, msg
from core.models.validation import split
from core.schema import ALL

Predict = Callable[[Any, np.ndarray], np.ndarray]
Learn = Callable[[Any, np.ndarray, float], Predict]

# The settings: no early stopping, so nothing is chosen on the test rows.
TREES = 300
THREADS = os.cpu_count() or 1
LIGHTGBM = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "verbosity": -1,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
}
TEXT_WIDTH = 32  # singular vectors kept of the TF-IDF matrix, principal components of the encoder's vectors
SEARCH_ORIGINS, SEARCH_TREES, SEARCH_PATIENCE = 8, 2000, 50
ENCODER = "minilm"
_FLAT = 1e-6  # a slope
MOMENTUM = "month_on_month"  # last four weeks against the four before: the feature whose order the momentum rule follows
# Latin words of two letters and more; each Chinese character by itself, its bigrams being the words.
_WORDS = r"(?u)[^\W_\u4e00-\u9fff]{2,}|[\u4e00-\u9fff]"


@dataclass(frozen=True)
class Baseline:
    """every_segment: it learns from and is tested on all segments, not only `all`. needs: packages beyond requirements.txt."""

    name: str
    title: Message
    learn: Learn
    every_segment: bool = False
    needs: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Packages that it needs and that are not installed."""
        return [package for package in self.needs if find_spec(package) is None]


def base_rate(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """The share of risers in the training rows of the same segment; that of `all` for a segment not seen there."""
    rising, segment = panel.rising[rows], panel.segment[rows]
    every = float(rising.mean())
    rates = np.array([rising[segment == s].mean() if (segment == s).any() else np.nan for s in range(len(panel.segments))])
    whole = rates[panel.segments.index(ALL)] if ALL in panel.segments else every
    rates = np.where(np.isnan(rates), every if np.isnan(whole) else whole, rates)
    return lambda panel, rows: rates[panel.segment[rows]]


def momentum_rule(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """What a merchandiser does by hand: what has been growing goes on growing.

    Ranks by one feature, MOMENTUM; a logistic curve of it (two numbers, learnt) makes that a probability. Its slope is
    never negative: the rule may be worthless, and then says the base rate, but it does not turn into its opposite.
    """
    from sklearn.linear_model import LogisticRegression

    rose = panel.rising[rows] > 0
    if MOMENTUM not in panel.feature_names:
        raise UserError(
            expected=msg("The momentum baseline reads the feature {feature}.", feature=MOMENTUM),
            found=msg("The panel lacks it."),
            to_do=msg("Run `upswing features` again."),
        )
    if not 0 < rose.sum() < len(rose):
        return base_rate(panel, rows)
    column = panel.feature_names.index(MOMENTUM)

    def trend(panel, rows):
        times = np.nan_to_num(np.asarray(panel.x[rows, column], dtype=float), nan=1.0)
        return np.log(np.maximum(times, 1e-6))[:, None]

    curve = LogisticRegression().fit(trend(panel, rows), rose)
    if curve.coef_[0, 0] < _FLAT:  # next to flat, so that it still ranks; the intercept was learnt for the slope that it had
        curve.coef_[:], curve.intercept_[:] = _FLAT, np.log(rose.mean() / (1 - rose.mean()))
    return lambda panel, rows: curve.predict_proba(trend(panel, rows))[:, 1]


def text_regression(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """Logistic regression on the TF-IDF of the text, nothing else."""
    seen = np.unique(panel.product[rows])
    words = _tfidf(panel, seen)
    return base_rate(panel, rows) if words is None else _product_regression(panel, rows, words)


def text_encoder(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """A text-only BERT: logistic regression on the encoder's frozen vectors."""
    return _product_regression(panel, rows, _encoded(panel))


def boosted_trees(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """Gradient-boosted trees on the panel's numbers, without the segment."""
    return _trees(panel, rows, lambda panel, rows: np.asarray(panel.x[rows]))


def boosted_trees_text(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """The same with the text's TF-IDF, reduced to TEXT_WIDTH singular vectors, both fitted on the products of `rows`."""
    text = _text_vectors(panel, rows)
    return _trees(panel, rows, lambda panel, rows: np.hstack([panel.x[rows], text[panel.product[rows]]]))


def boosted_trees_encoder(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
    """The same with the encoder's frozen vectors in the place of TF-IDF, reduced to TEXT_WIDTH principal components."""
    text = _components(panel, rows)
    return _trees(panel, rows, lambda panel, rows: np.hstack([panel.x[rows], text[panel.product[rows]]]))


def searched_trees(panel, rows: np.ndarray, seconds: float) -> Predict:
    """Gradient-boosted trees at their best: a search (Optuna, TPE) of `seconds` over their settings and over which text they read,
    by log loss on the last origins of `rows`, early stopping included; then learnt anew from all rows. At least one trial."""
    import lightgbm
    import optuna

    parts = split(panel, rows, SEARCH_ORIGINS)
    if not len(parts.validate):
        return boosted_trees_text(panel, rows)
    read = {"none": None} | {name: vectors(panel, parts.learn) for name, vectors in TEXTS.items()}
    data: dict[str, tuple] = {}

    def numbers(panel, rows, text):
        return np.asarray(panel.x[rows]) if text is None else np.hstack([panel.x[rows], text[panel.product[rows]]])

    def loss(trial) -> float:
        chosen = trial.suggest_categorical("text", list(read))
        if chosen not in data:
            learn = lightgbm.Dataset(
                numbers(panel, parts.learn, read[chosen]), panel.rising[parts.learn], params={"feature_pre_filter": False}
            )
            data[chosen] = learn, learn.create_valid(numbers(panel, parts.validate, read[chosen]), panel.rising[parts.validate])
        settings = _suggested(trial)
        stop = lightgbm.early_stopping(SEARCH_PATIENCE, verbose=False)
        booster = lightgbm.train(settings, data[chosen][0], SEARCH_TREES, valid_sets=[data[chosen][1]], callbacks=[stop])
        trial.set_user_attr("trees", booster.best_iteration)
        return booster.best_score["valid_0"]["binary_logloss"]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7))
    study.enqueue_trial(
        {
            "text": "tf-idf",
            "learning_rate": 0.03,
            "num_leaves": 31,
            "min_data_in_leaf": 100,
            "feature_fraction": 1.0,
            "bagging_fraction": 1.0,
            "lambda_l1": 1e-3,
            "lambda_l2": 1e-3,
        }
    )
    started = time.monotonic()
    study.optimize(loss, n_trials=1)
    if (left := seconds - (time.monotonic() - started)) > 0:
        study.optimize(loss, timeout=left)
    best = study.best_trial
    text = None if best.params["text"] == "none" else TEXTS[best.params["text"]](panel, rows)
    booster = lightgbm.train(_suggested(best), lightgbm.Dataset(numbers(panel, rows, text), panel.rising[rows]), best.user_attrs["trees"])
    return lambda panel, rows: np.asarray(booster.predict(numbers(panel, rows, text)))


def _suggested(trial) -> dict:
    """LightGBM's settings of an Optuna trial."""
    return LIGHTGBM | {
        "num_threads": THREADS,
        "feature_pre_filter": False,
        "bagging_freq": 1,
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 7, 255, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 20, 2000, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.3, 1.0),
        "lambda_l1": trial.suggest_float("lambda_l1", 1e-3, 100.0, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 100.0, log=True),
    }


def boosted_trees_text_segments(panel, rows: np.ndarray, seconds: float = 0.0) -> Predict:
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
    Baseline("base_rate", msg("Base rate"), base_rate, every_segment=True),
    Baseline("momentum", msg("Momentum rule"), momentum_rule, every_segment=True),
    Baseline("text_regression", msg("TF-IDF regression"), text_regression),
    Baseline("text_encoder", msg("Text-only BERT"), text_encoder),
    Baseline("lightgbm", msg("LightGBM"), boosted_trees, needs=("lightgbm",)),
    Baseline("lightgbm_text", msg("LightGBM + TF-IDF text"), boosted_trees_text, needs=("lightgbm",)),
    Baseline("lightgbm_encoder", msg("LightGBM + BERT vectors"), boosted_trees_encoder, needs=("lightgbm",)),
    Baseline("lightgbm_searched", msg("LightGBM, searched"), searched_trees, needs=("lightgbm",)),
    Baseline(
        "lightgbm_text_segments",
        msg("LightGBM + TF-IDF text, all segments"),
        boosted_trees_text_segments,
        every_segment=True,
        needs=("lightgbm",),
    ),
)


def _trees(panel, rows: np.ndarray, features: Callable, **options) -> Predict:
    import lightgbm

    data = lightgbm.Dataset(features(panel, rows), panel.rising[rows], free_raw_data=True, **options)
    booster = lightgbm.train({**LIGHTGBM, "num_threads": THREADS}, data, num_boost_round=TREES)
    return lambda panel, rows: np.asarray(booster.predict(features(panel, rows)))


def _text_vectors(panel, rows: np.ndarray) -> np.ndarray:
    """(products, TEXT_WIDTH) float32, at most that wide: every product's text, in terms of the training products' texts."""
    from sklearn.decomposition import TruncatedSVD

    seen = np.unique(panel.product[rows])
    words = _tfidf(panel, seen)
    width = 0 if words is None else min(TEXT_WIDTH, words.shape[1] - 1, len(seen) - 1)
    if width < 1:
        return np.zeros((len(panel.texts), 1), dtype=np.float32)
    return TruncatedSVD(width, random_state=7).fit(words[seen]).transform(words).astype(np.float32)


def _tfidf(panel, seen: np.ndarray):
    """(products, words) sparse, every product's text in the vocabulary of the `seen` products; None where no word stands in two of
    their texts, so that no product's text says anything about another."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(token_pattern=_WORDS, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        words.fit([panel.texts[i] for i in seen])
    except ValueError:
        return None
    return words.transform(panel.texts)


def _encoded(panel) -> np.ndarray:
    """(products, W) float32, the encoder's vectors of every product's text."""
    from core.models.text import embed

    return embed(panel.texts, ENCODER, panel.cache)


def _components(panel, rows: np.ndarray) -> np.ndarray:
    """(products, TEXT_WIDTH) float32, at most that wide: principal components of the training products' vectors."""
    from sklearn.decomposition import PCA

    vectors, seen = _encoded(panel), np.unique(panel.product[rows])
    width = min(TEXT_WIDTH, len(seen), vectors.shape[1])
    return PCA(width, random_state=7).fit(vectors[seen]).transform(vectors).astype(np.float32)


def _product_regression(panel, rows: np.ndarray, vectors) -> Predict:
    """Logistic regression of the label on vectors (products, W) of the text alone. A product's rows share their text, so it enters
    twice, weighted by how often it rose and how often it did not: the same likelihood."""
    from sklearn.linear_model import LogisticRegression

    rose = np.bincount(panel.product[rows], panel.rising[rows], minlength=len(panel.products))
    seen = np.bincount(panel.product[rows], minlength=len(panel.products))
    known = np.flatnonzero(seen)
    if not 0 < rose.sum() < seen.sum():
        return base_rate(panel, rows)
    model = LogisticRegression(max_iter=1000).fit(
        vectors[np.concatenate([known, known])],
        np.repeat([1, 0], len(known)),
        sample_weight=np.concatenate([rose[known], (seen - rose)[known]]),
    )
    chance = model.predict_proba(vectors)[:, 1]
    return lambda panel, rows: chance[panel.product[rows]]


TEXTS = {"tf-idf": _text_vectors, "encoder": _components}
