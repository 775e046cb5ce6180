"""Why a forecast is what it is: exact Shapley values over drivers, and over the words of the text inside them.

The game: v(S) is the calibrated rising logit with only the drivers in S present and the absent embedding for the others, a
prediction that driver dropout trained the model for. v(nothing) is the base logit, the same for all rows that lack the same drivers, and
v(everything a row has) its logit.

The order: groups of drivers come one after another (core.schema.REASONS), and within a group in every order alike: asymmetric Shapley
values (Frye, Rowat & Feige 2020). A symptom (sales have begun to rise, so have views) knows whatever its cause knows; without an order the
two share the credit, and "it rises because it has begun to rise" stands where the cause should.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import comb
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from core.messages import msg, nmsg
from core.models.network import RISING, Inputs, Member
from core.models.panel import Panel
from core.models.predict import FittedModel, blended, one_thread, raw_predictions
from core.models.text import embed
from core.progress import Progress, paced, silent
from core.schema import DRIVERS, REASONS

_LOW_DRIVERS = 7  # drivers whose 128 masks are evaluated at once
_CHUNK_ROWS = 16  # x 128 masks x 64 hidden numbers: half a megabyte, which stays in a core's cache
_BLOCK_ROWS = 2048
# Words cost an encoded text a subset, and a demand for a whole description's words costs as much as training: titles are exact, of
# a long text the first words, where the title is, stand alone and the rest in three stretches.
_EXACT_UNITS = 5  # words of a text up to which all of their subsets are encoded
_MOST_UNITS = 10
_TITLE_UNITS = 7


def driver_attributions(model: FittedModel, panel: Panel, rows: np.ndarray, progress: Progress = silent) -> tuple[np.ndarray, np.ndarray]:
    """(attributions (n, K), base_logit (n,)), float64, K = len(model.drivers).

    Exact Shapley values in the order of REASONS, by all masks of a group's drivers that a row has, those before it present and those
    after it absent; a driver it lacks gets 0. Those of the net and of the trees are blended as their logits are: Shapley values are
    linear in the game. On the scale of the calibrated logit: attributions.sum(1) + base_logit = model.predict(panel, rows)["logit"].
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
                    # Sums in another order than the forecast's differ by float32 rounding, some 1e-6: shared out evenly.
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


def _with_trees(model: FittedModel, panel: Panel, rows: np.ndarray, values: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The net's attributions (n, K) and base logits (n,), before calibration, with the trees' blended in."""
    group = np.array([next(number for number, drivers in enumerate(REASONS) if d in drivers) for d in DRIVERS])
    assert model.trees is not None
    x = panel.read(rows)
    found = model.trees.attributions(x, group)[:, [DRIVERS.index(d) for d in model.drivers]]
    return blended(values, found, model.trees_share), blended(base, model.trees.base(x), model.trees_share)


def _groups(drivers: tuple[str, ...], present: np.ndarray) -> list[np.ndarray]:
    """The places of a row's drivers, group by group in the order of REASONS; a group may be empty."""
    return [np.array([i for i, d in enumerate(drivers) if d in group and present[i]], dtype=int) for group in REASONS]


def _values(member: Member, terms: Tensor, absent: Tensor, drivers: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(n, 2^k) float64: the member's logit under every mask of these k drivers, those `given` present; bit i of a mask is drivers[i]."""
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
    """Rising logit of hidden sums (m, H), which are overwritten: the member's own `top` and head, without allocations."""
    second, head = member.second, member.probability
    top = torch.addmm(second.bias, hidden.relu_(), second.weight.T).relu_()
    return top @ head.weight[RISING] + head.bias[RISING]


def masks(k: int) -> np.ndarray:
    """(2^k, k) float32 of 0 and 1: row s has the bits of s, lowest first."""
    return (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(np.float32)


def shapley_weights(k: int) -> np.ndarray:
    """(2^k, k) float64: values of a game over all masks @ this = its Shapley values.

    >>> np.array([0.0, 1.0, 2.0, 5.0]) @ shapley_weights(2)  # v(nothing), v({0}), v({1}), v({0, 1})
    array([2., 3.])
    """
    inside = masks(k).astype(bool)
    size = inside.sum(1)
    weight = np.array([1.0 / (k * comb(k - 1, s)) if s < k else 0.0 for s in range(k + 1)])
    return np.where(inside, weight[size - 1][:, None], -weight[size][:, None])


@dataclass(frozen=True)
class Words:
    """The words of one row's text. units joined are the text; attributions (len(units),) on the calibrated logit scale.

    attributions.sum() + residual = the text driver's attribution in `driver_attributions`. exact: all subsets were evaluated.
    """

    units: list[str]
    attributions: np.ndarray
    residual: float
    exact: bool


def word_attributions(
    model: FittedModel, panel: Panel, rows: np.ndarray, progress: Progress = silent, *, samples: int = 24, seed: int = 7
) -> list[Words]:
    """The text driver's attribution of each row, shared out to the words of its text: Owen values (Owen 1977).

    The game inside the text: u(W) = the attribution that the text driver would have, were W its words, the others removed and
    all other drivers as they are; u(no words) = 0. Up to five words by all subsets; longer texts by Kernel SHAP (Lundberg &
    Lee 2017) on `samples` subsets drawn in complementary pairs, and above ten words those after the seventh are taken in three
    stretches. A row without text, or a model that reads none, has no units.
    """
    model.check_features(panel.features)
    net, rows = model.net.eval(), np.asarray(rows)
    if "text" not in net.config.drivers:
        return [Words([], np.zeros(0), 0.0, True) for _ in rows]
    units = [split_units(panel.texts[panel.product[r]]) for r in rows]
    # Subsets depend on the text alone: tomorrow's texts without some of their words are then found in the cache.
    subsets = [_subsets(len(u), samples, np.random.default_rng([seed, crc32("".join(u).encode())])) for u in units]
    texts = ["".join(piece for piece, kept in zip(u, mask) if kept) for u, chosen in zip(units, subsets) for mask in chosen]
    vectors = embed(texts, model.encoder, panel.cache, progress, step="words", device=model.settings.device)
    own, progress = model.text_vectors(panel, rows), paced(progress)
    out: list[Words] = []
    start = 0
    with torch.inference_mode(), one_thread():
        for i, row in enumerate(rows):
            count = len(subsets[i])
            inputs = model.inputs(panel, np.array([row]), own)
            if not units[i]:
                out.append(Words([], np.zeros(0), 0.0, True))
                continue
            assert own is not None, "a text with words has a vector"
            whole, worth = _text_values(model, inputs, np.concatenate([own[panel.product[row]][None], vectors[start : start + count]]))
            start += count
            attributions = _shares(subsets[i], worth, count == 2 ** len(units[i]))
            out.append(Words([u.strip() for u in units[i]], attributions, float(whole - attributions.sum()), count == 2 ** len(units[i])))
            progress("words", (i + 1) / len(rows), nmsg("Text of {count} product", "Texts of {count} products", len(rows)))
    return out


def split_units(text: str) -> list[str]:
    """A text in words, each with the blanks after it; Chinese, which writes none, in pairs of characters.

    >>> split_units("red lamp. 圣诞节灯")
    ['red ', 'lamp. ', '圣诞', '节灯']
    """
    found = re.findall(r"[\u3400-\u9fff\uf900-\ufaff]{1,2}[^\w\s]*\s*|[^\s\u3400-\u9fff\uf900-\ufaff]+\s*", text.strip())
    if len(found) <= _MOST_UNITS:
        return found
    edges = np.linspace(_TITLE_UNITS, len(found), _MOST_UNITS - _TITLE_UNITS + 1).round().astype(int)
    return found[:_TITLE_UNITS] + ["".join(found[a:b]) for a, b in zip(edges, edges[1:])]


def _subsets(n: int, samples: int, random: np.random.Generator) -> np.ndarray:
    """(m, n) float32 masks: all of them for few units; else none, all, and complementary pairs of sizes drawn by Kernel SHAP's weights."""
    if n <= _EXACT_UNITS:
        return masks(n) if n else np.zeros((0, 0), dtype=np.float32)
    sizes = np.arange(1, n)
    chance = 1.0 / (sizes * (n - sizes))
    drawn = random.choice(sizes, size=samples // 2 - 1, p=chance / chance.sum())
    half = np.stack([(random.permutation(n) < size).astype(np.float32) for size in drawn])
    return np.concatenate([np.zeros((1, n), np.float32), np.ones((1, n), np.float32), half, 1 - half])


def _shares(chosen: np.ndarray, worth: np.ndarray, every: bool) -> np.ndarray:
    """(n,) shares of the n units: Shapley values of all subsets, or least squares on a sample whose sizes were already drawn by
    their weights, under the constraint that the shares add up to what the whole text is worth."""
    n = chosen.shape[1]
    if every:
        return worth @ shapley_weights(n)
    nothing, whole = worth[0], worth[1]
    a, b = chosen[2:].astype(np.float64), worth[2:] - nothing
    # A little ridge towards equal shares: with fewer samples than it takes, the answer stays tame.
    gram = a.T @ a + 0.01 * len(a) * np.eye(n) / n
    equal = np.full(n, (whole - nothing) / n)
    free = equal + np.linalg.solve(gram, a.T @ (b - a @ equal))
    direction = np.linalg.solve(gram, np.ones(n))
    return free + direction * ((whole - nothing) - free.sum()) / direction.sum()


def _text_values(model: FittedModel, inputs: Inputs, vectors: np.ndarray) -> tuple[float, np.ndarray]:
    """What the text driver's attribution of one row is with its own text, vectors[0], and would be with each of vectors[1:]."""
    net = model.net
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
    total *= model.rising_calibration.slope * (1 - model.trees_share) / len(net.members)  # trees read no text
    return total[0], total[1:]
