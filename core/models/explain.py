"""Explain forecasts by exact Shapley values over drivers, and over the words of the text within the driver "text".

The game: v(S) is the calibrated rising logit with only the drivers in S present and the absent embedding for the others. Driver dropout
trains the network for such predictions. v of no driver is the base logit, the same for all rows that lack the same drivers. v of all
drivers that a row has is its logit.

The order: groups of drivers enter one after another (core.schema.REASONS), and within a group in every order alike. These are asymmetric
Shapley values (Frye, Rowat & Feige 2020). A symptom, such as rising views or sales, contains what its cause contains. Without an order
the two share the credit, and the explanation of a rise would be that it has begun.
"""

from __future__ import annotations

import re
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from core.messages import msg, nmsg
from core.models.network import RISING, Inputs, Member
from core.models.panel import Panel
from core.models.predict import FittedModel, blend, one_thread, raw_predictions
from core.models.text import embed
from core.progress import Progress, paced, silent
from core.schema import DRIVERS, REASONS

if TYPE_CHECKING:
    import shap

_LOW_DRIVERS = 7  # drivers whose 128 masks are evaluated at once
_CHUNK_ROWS = 16  # x 128 masks x 64 hidden numbers: half a megabyte, which fits in a core's cache
_BLOCK_ROWS = 2048
# Each shorter text costs one encoded text, and those of all words of a description would cost as much as training. Therefore a text has at
# most 30 of them: all 2^5 - 2 subsets of five words, else 2 (10 - 1) along the tree. In a long text the first words, usually the title, are
# separate units and the rest forms three units.
_EXACT_UNITS = 5
_MOST_UNITS = 10
_TITLE_UNITS = 7
_SENTENCE_END = re.compile(r"[.!?;。！？；]\s*$")


def driver_attributions(model: FittedModel, panel: Panel, rows: np.ndarray, progress: Progress = silent) -> tuple[np.ndarray, np.ndarray]:
    """Return (attributions (n, K), base_logit (n,)), float64, K = len(model.drivers).

    Exact Shapley values in the order of REASONS: all masks of the drivers of a group that a row has, with those of earlier groups present
    and those of later groups absent. A driver that a row lacks gets 0. The attributions of network and trees are blended as their logits
    are, since Shapley values are linear in the game. On the scale of the calibrated logit,
    attributions.sum(1) + base_logit = model.predict(panel, rows)["logit"].
    """
    model.check_features(panel.features)
    rows = np.asarray(rows)
    vectors, progress = model.text_vectors(panel, rows, progress), paced(progress)
    net = model.net.eval()
    values, base = np.zeros((len(rows), len(net.config.drivers))), np.zeros(len(rows))
    with torch.inference_mode(), one_thread():
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            inputs = model.inputs(panel, rows[block], vectors)
            present = net.present(inputs).numpy()
            terms, logits = net.terms(inputs), raw_predictions(net, inputs)[0][:, RISING]
            patterns, pattern_of = np.unique(present, axis=0, return_inverse=True)
            for number, pattern in enumerate(patterns):
                here, groups = np.flatnonzero(pattern_of == number), _groups(net.config.drivers, pattern)
                drivers, count = np.concatenate(groups), sum(2 ** len(g) for g in groups)
                for first in range(0, len(here), _CHUNK_ROWS):
                    chosen = here[first : first + _CHUNK_ROWS]
                    games: list[np.ndarray] = [
                        np.asarray(
                            sum(
                                _values(member, term[chosen], absent, group, np.concatenate([drivers[:0], *groups[:i]]))
                                for member, (term, absent) in zip(net.members, terms)
                            )
                            / len(net.members)
                        )
                        for i, group in enumerate(groups)
                    ]
                    shares = np.concatenate([game @ shapley_weights(len(group)) for game, group in zip(games, groups)], axis=1)
                    # Sums in another order than the forecast's differ by float32 rounding of about 1e-6, which is spread evenly.
                    shares += (logits[chosen] - games[0][:, 0] - shares.sum(1))[:, None] / max(len(drivers), 1)
                    values[np.ix_(start + chosen, drivers)] = shares
                    base[start + chosen] = games[0][:, 0]
                    progress(
                        "explain",
                        (start + chosen[-1] + 1) / len(rows),
                        msg("{forecasts} forecasts, {coalitions} sets of drivers each", forecasts=len(rows), coalitions=count),
                    )
    progress("explain", 1.0)
    out = np.zeros((len(rows), len(model.drivers)))
    out[:, [model.drivers.index(d) for d in net.config.drivers]] = values
    if model.trees is not None:
        out, base = _with_trees(model, panel, rows, out, base)
    return model.rising_calibration.slope * out, model.rising_calibration(base)


def explanation(model: FittedModel, panel: Panel, rows: np.ndarray, progress: Progress = silent) -> shap.Explanation:
    """Return the attributions of rows as a shap.Explanation, for shap's own plots: values (n, K) by driver, base_values (n,).

    Values and base are those of `driver_attributions`, on the scale of the calibrated logit.

        shap.plots.waterfall(explanation(model, panel, panel.latest())[0])
    """
    import shap

    values, base = driver_attributions(model, panel, rows, progress)
    return shap.Explanation(values=values, base_values=base, feature_names=list(model.drivers))


def _with_trees(model: FittedModel, panel: Panel, rows: np.ndarray, values: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the network's attributions (n, K) and base logits (n,), before calibration, with those of the trees blended in."""
    group = np.array([next(number for number, drivers in enumerate(REASONS) if d in drivers) for d in DRIVERS])
    assert model.trees is not None
    x = panel.read(rows)
    found = model.trees.attributions(x, group)[:, [DRIVERS.index(d) for d in model.drivers]]
    return blend(values, found, model.trees_share), blend(base, model.trees.base(x), model.trees_share)


def _groups(drivers: tuple[str, ...], present: np.ndarray) -> list[np.ndarray]:
    """Return the indexes of a row's drivers, one array per group of REASONS; a group may be empty."""
    return [np.array([i for i, d in enumerate(drivers) if d in group and present[i]], dtype=int) for group in REASONS]


def _values(member: Member, terms: Tensor, absent: Tensor, drivers: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return (n, 2^k) float64: the member's logit under every mask of these k drivers, with the drivers `given` present.

    Bit i of a mask is drivers[i].
    """
    n, k, hidden = len(terms), len(drivers), absent.shape[1]
    low = min(k, _LOW_DRIVERS)
    change = terms[:, drivers] - absent[drivers]
    start = absent.sum(0) + member.fuse_bias + (terms[:, given] - absent[given]).sum(1)  # (n, H)
    below = torch.from_numpy(masks(low)) @ change[:, :low]  # (n, 2^low, H)
    above = torch.from_numpy(masks(k - low)) @ change[:, low:] + start[:, None]  # (n, 2^(k - low), H)
    out = np.empty((n, above.shape[1], below.shape[1]))
    for i in range(above.shape[1]):
        out[:, i] = _logits(member, (below + above[:, i : i + 1]).view(-1, hidden)).view(n, -1).numpy()
    return out.reshape(n, -1)


def _logits(member: Member, hidden: Tensor) -> Tensor:
    """Return the rising logits of hidden sums (m, H), which are overwritten: the member's own `top` and head without allocations."""
    second, head = member.second, member.probability
    top = torch.addmm(second.bias, hidden.relu_(), second.weight.T).relu_()
    return top @ head.weight[RISING] + head.bias[RISING]


def masks(k: int) -> np.ndarray:
    """Return (2^k, k) float32 of 0 and 1: row s has the bits of s, lowest first."""
    return (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(np.float32)


def shapley_weights(k: int) -> np.ndarray:
    """Return (2^k, k) float64 weights: values of a game over all masks @ weights = its Shapley values.

    >>> np.array([0.0, 1.0, 2.0, 5.0]) @ shapley_weights(2)  # v(nothing), v({0}), v({1}), v({0, 1})
    array([2., 3.])
    """
    inside = masks(k).astype(bool)
    size = inside.sum(1)
    weight = np.array([1.0 / (k * comb(k - 1, s)) if s < k else 0.0 for s in range(k + 1)])
    return np.where(inside, weight[size - 1][:, None], -weight[size][:, None])


def word_explanations(model: FittedModel, panel: Panel, rows: np.ndarray, progress: Progress = silent) -> list[shap.Explanation | None]:
    """Distribute the text driver's attribution of each row over the words of its text, by shap's PartitionExplainer (Owen 1977).

    The game within the text: u(W) = the row's calibrated logit if its text had only the words W, with all other drivers unchanged and the
    order of REASONS kept. values (n,), base_values = u(no words), data = the words, which joined are the text. base_values + values.sum()
    = model.predict(panel, rows)["logit"], and values.sum() = the text driver's attribution in `driver_attributions`.

    Words are credited along the tree of `WordMasker`: up to five words in the absence and in the presence of the others, more words in
    their presence only, where 18 shorter texts suffice. A row without text, and every row of a model that reads none, has None.

        shap.plots.text(word_explanations(model, panel, panel.latest()[:1])[0])
    """
    import shap

    rows, masker = np.asarray(rows), WordMasker()
    logits = model.predict(panel, rows, demand=False)["logit"]
    texts = [panel.texts[panel.product[r]].strip() if "text" in model.net.config.drivers else "" for r in rows]
    if not any(texts):
        return [None] * len(rows)  # a model that reads no text has no encoder
    shorter = [masker.shorter(text) for text in texts]
    # All shorter texts are encoded at once. They depend on the text alone, so that the cache holds them when it is explained again.
    vectors = embed([s for part in shorter for s in part], model.encoder, panel.cache, progress, step="words", device=model.settings.device)
    own, progress = model.text_vectors(panel, rows), paced(progress)
    out: list[shap.Explanation | None] = []
    start = 0
    for i, (row, text, part) in enumerate(zip(rows, texts, shorter)):
        if not text:
            out.append(None)  # shap knows no explanation of no words
            continue
        assert own is not None, "a text with words has a vector"
        every = np.concatenate([own[panel.product[row]][None], vectors[start : start + len(part)]])
        start += len(part)
        with torch.inference_mode(), one_thread():
            gains = _text_values(model, model.inputs(panel, np.array([row]), own), every)
        worth = dict(zip([text, *part], logits[i] - gains[0] + gains)) | {"": logits[i] - gains[0]}
        explainer = shap.PartitionExplainer(lambda parts, worth=worth: np.array([worth[p] for p in parts]), masker)
        out.append(explainer([text], fixed_context=masker.context(text), silent=True)[0])
        progress("words", (i + 1) / len(rows), nmsg("Text of {count} product", "Texts of {count} products", len(rows)))
    return out


class WordMasker:
    """Leave words out of a text, for shap's PartitionExplainer: no token takes their place, so that the rest reads like a shorter text.

    Stateless: every method gets the text. shap asks for `clustering` as a linkage matrix of scipy, (n - 1, 4).
    """

    immutable_outputs = True

    def __call__(self, mask: np.ndarray, text: str) -> tuple[np.ndarray]:
        return (np.array([_kept(split_units(text), mask)], dtype=object),)

    def shape(self, text: str) -> tuple[int, int]:
        return 1, len(split_units(text))

    def mask_shapes(self, text: str) -> list[tuple[int]]:
        return [(len(split_units(text)),)]

    def feature_names(self, text: str) -> list[list[str]]:
        return [[unit.strip() for unit in split_units(text)]]

    def data_transform(self, text: str) -> tuple[list[str]]:
        return (split_units(text),)

    def clustering(self, text: str) -> np.ndarray:
        """Return the tree of a text: each cluster is halved at the end of a sentence near its middle, else in the middle."""
        units = split_units(text)
        merges: list[tuple[int, int, float, int]] = []

        def cluster(start: int, end: int) -> int:
            if end - start == 1:
                return start
            ends = [i for i in range(start + 1, end) if _SENTENCE_END.search(units[i - 1])] or range(start + 1, end)
            middle = min(ends, key=lambda i: abs(2 * i - start - end))
            merges.append((cluster(start, middle), cluster(middle, end), (end - start) / len(units), end - start))
            return len(units) + len(merges) - 1

        cluster(0, len(units))
        return np.array(merges, dtype=float).reshape(-1, 4)

    def context(self, text: str) -> int | None:
        """Return in which context shap splits a cluster: None = with the other words absent and present, 1 = with them present."""
        return None if len(split_units(text)) <= _EXACT_UNITS else 1

    def shorter(self, text: str) -> list[str]:
        """Return the texts that shap asks for, without the whole and the empty one."""
        units = split_units(text)
        if self.context(text) is None:
            return [_kept(units, mask) for mask in masks(len(units))[1:-1]]
        without = [np.arange(len(units)) != i for i in range(len(units))]
        for left, right, *_ in self.clustering(text)[:-1]:
            without.append(without[int(left)] & without[int(right)])
        return [_kept(units, mask) for mask in without]


def _kept(units: list[str], mask: np.ndarray) -> str:
    return "".join(unit for unit, kept in zip(units, mask) if kept)


def split_units(text: str) -> list[str]:
    """Split a text into words, each with the blanks after it, and Chinese, which has no blanks, into pairs of characters.

    Beyond the tenth word, those after the seventh, usually after the title, form three units.

    >>> split_units("red lamp. 圣诞节灯")
    ['red ', 'lamp. ', '圣诞', '节灯']
    """
    found = re.findall(r"[\u3400-\u9fff\uf900-\ufaff]{1,2}[^\w\s]*\s*|[^\s\u3400-\u9fff\uf900-\ufaff]+\s*", text.strip())
    if len(found) <= _MOST_UNITS:
        return found
    edges = np.linspace(_TITLE_UNITS, len(found), _MOST_UNITS - _TITLE_UNITS + 1).round().astype(int)
    return found[:_TITLE_UNITS] + ["".join(found[a:b]) for a, b in zip(edges, edges[1:])]


def _text_values(model: FittedModel, inputs: Inputs, vectors: np.ndarray) -> np.ndarray:
    """Return (V,) the text driver's attribution of one row with each of these vectors as that of its text."""
    net = model.net.eval()
    place = net.config.drivers.index("text")
    groups = _groups(net.config.drivers, net.present(inputs)[0].numpy())
    own = next(number for number, group in enumerate(REASONS) if "text" in group)
    others, given = groups[own][groups[own] != place], np.concatenate([groups[0][:0], *groups[:own]])
    k = len(others)
    size = masks(k).sum(1).astype(int)
    weight = torch.tensor([1.0 / ((k + 1) * comb(k, s)) for s in size], dtype=torch.float32)
    known = torch.from_numpy(np.abs(vectors).sum(1) > 0)
    text = (torch.from_numpy(vectors) - net.text_mean) / net.text_deviation
    total = np.zeros(len(vectors))
    share = net.config.text_share(inputs.age)
    for member, (terms, absent) in zip(net.members, net.terms(inputs)):
        start = absent.sum(0) + member.fuse_bias + (terms[0, given] - absent[given]).sum(0)
        context = torch.from_numpy(masks(k)) @ (terms[0, others] - absent[others]) + start  # (2^k, H)
        change = torch.where(known[:, None], member.text(text) @ member.fuse[place] - absent[place], 0.0)  # (V, H)
        change = change if share is None else share * change
        for first in range(0, len(context), 64):
            part = context[first : first + 64]
            hidden = torch.cat([part, (part[:, None] + change).view(-1, part.shape[1])])
            logits = _logits(member, hidden)
            gain = logits[len(part) :].view(len(part), -1) - logits[: len(part), None]
            total += (weight[first : first + 64] @ gain).double().numpy()
    return total * model.rising_calibration.slope * (1 - model.trees_share) / len(net.members)  # trees read no text
