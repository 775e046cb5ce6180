"""The fusion model: one tower per driver, an absent embedding that can replace any token, and one small head on their sum.

From top to bottom: the inputs (ModelConfig, Inputs), one member of the ensemble (Member), the ensemble (FusionModel) and its loss (loss).
core/models/encoding.py has the encoding of numbers, core/models/demand.py the demand head. Arrays only: no SQL, no data frames, no files.

Shapes: B rows, F features, K drivers, D token width, H hidden width, U texts, W width of a text vector, M members,
L demand levels, T demand weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import cast

import numpy as np
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from core.models.demand import DemandHead, pinball
from core.models.encoding import Dropout, Encoding
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS
from core.settings import TrainingConfig

RISING, FALLING = 0, 1
# Thresholds of an ordinal target: whether the probability of at least this many orders at the product's own rate (`tail` in
# core.features.labels) is at most each of these. Rising is one of these steps; the others measure how far a product was from it.
ORDINAL_THRESHOLDS = (1e-4, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.8, 0.95)


@dataclass(frozen=True)
class ModelConfig:
    """The structure of a FusionModel, from which it is rebuilt before its weights are loaded.

    columns     numeric driver -> its columns of x, only features with values in the training rows
    text_width  W, 0 = the model reads no text
    segments    size of the vocabulary of segments, 0 = the model reads none
    whole_units the shop sells no fractions: a demand quantile below half a unit is 0
    plain       columns that the demand head reads unranked, since the drivers read them as ranks or not at all
    """

    columns: dict[str, tuple[int, ...]]
    text_width: int = 0
    segments: int = 0
    whole_units: bool = False
    plain: tuple[int, ...] = ()
    members: int = TrainingConfig.members
    bins: int = TrainingConfig.bins
    tower: int = TrainingConfig.tower
    token: int = TrainingConfig.token
    bottleneck: int = TrainingConfig.bottleneck
    hidden: int = TrainingConfig.hidden
    demand_hidden: int = TrainingConfig.demand_hidden
    second: int = TrainingConfig.second
    dropout: float = TrainingConfig.dropout
    text_dropout: float = TrainingConfig.text_dropout
    text_days: float = TrainingConfig.text_days
    driver_dropout: float = TrainingConfig.driver_dropout
    levels: tuple[float, ...] = DEMAND_LEVELS
    weeks: tuple[int, ...] = DEMAND_WEEKS

    @property
    def drivers(self) -> tuple[str, ...]:
        """Return the K drivers that the model reads, in the order of its tokens."""
        return tuple(d for d in DRIVERS if d in self.columns or (d == "text" and self.text_width) or (d == "segment" and self.segments))

    def text_share(self, age: Tensor | None) -> Tensor | None:
        """Return (B,) weights in 0..1 of a product's text by its age; the absent embedding has the rest. None = full weight.

        A text describes a product of which nothing else is known. Later its own history is more informative, and hundreds of rows with one
        text would teach the network that product's outcome as if it came from the words.
        """
        return None if age is None or not self.text_days else self.text_days / (self.text_days + age)

    def as_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> ModelConfig:
        columns = {driver: tuple(columns) for driver, columns in values["columns"].items()}
        return cls(
            **{
                **values,
                "columns": columns,
                "plain": tuple(values["plain"]),
                "levels": tuple(values["levels"]),
                "weeks": tuple(values["weeks"]),
            }
        )


@dataclass
class Inputs:
    """B rows of the panel.

    x           (B, F) float32, NaN = missing
    text        (U, W) float32, zeros = no text
    text_index  (B,) int64, each row's index in text; None where U = B and both have the same order
    segment     (B,) int64, -1 = a segment unknown in training
    base        (B, T) float32, seasonal-naive cumulative units
    plain       (B, Z) float32, the config's `plain` columns, never as ranks; None = missing
    age         (B,) float32, days on sale (core.models.panel.Panel.age); None = full weight for the text, as on a first day
    """

    x: Tensor
    text: Tensor | None
    text_index: Tensor | None
    segment: Tensor
    base: Tensor
    plain: Tensor | None = None
    age: Tensor | None = None

    def without(self, driver: str, config: ModelConfig) -> Inputs:
        """Return the same inputs with one driver absent from every row."""
        if driver == "text":
            return replace(self, text=None if self.text is None else torch.zeros_like(self.text))
        if driver == "segment":
            return replace(self, segment=torch.full_like(self.segment, -1))
        x = self.x.clone()
        x[:, list(config.columns[driver])] = float("nan")
        return replace(self, x=x)

    def to(self, device) -> Inputs:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(self, **{name: t.to(device, non_blocking=True) for name, t in given.items() if t is not None})


@dataclass
class Outputs:
    """Outputs of the M members.

    logits  (M, B, 2 + thresholds): rising, falling, then tail <= each of ORDINAL_THRESHOLDS
    demand  (M, B, T, L): log1p of cumulative units, rising in T and in L
    """

    logits: Tensor
    demand: Tensor


class Member(nn.Module):
    """One member of the ensemble: towers, absent embeddings, fusion and heads.

    The fusion's first layer is linear in the concatenated tokens: a sum of one term per driver, with no interaction between drivers before
    it. The logit of any subset of drivers therefore costs one small sum, and exact Shapley values are cheap.
    """

    def __init__(self, config: ModelConfig, widths: dict[str, int]):
        super().__init__()
        self.config = config
        k, d, h = len(config.drivers), config.token, config.hidden
        self.numeric = nn.ModuleDict(
            {
                driver: nn.Sequential(nn.Linear(widths[driver], config.tower), nn.SiLU(), nn.Linear(config.tower, d))
                for driver in config.drivers
                if driver in widths
            }
        )
        if config.text_width:
            # Narrow, since one product's text occurs in hundreds of rows and a wide tower would memorise it.
            self.text = nn.Sequential(
                Dropout(config.text_dropout), nn.Linear(config.text_width, config.bottleneck), nn.SiLU(), nn.Linear(config.bottleneck, d)
            )
        if config.segments:
            self.segment = nn.Embedding(config.segments, d)
        self.absent = nn.Parameter(torch.zeros(k, d))
        self.fuse = nn.Parameter(torch.randn(k, d, h) / (k * d) ** 0.5)
        self.fuse_bias = nn.Parameter(torch.zeros(h))
        self.second = nn.Linear(h, config.second)
        self.dropout = Dropout(config.dropout)
        self.probability = nn.Linear(config.second, 2 + len(ORDINAL_THRESHOLDS))
        self.demand = DemandHead(h, config.demand_hidden, config.weeks, config.levels, len(config.plain))

    def tokens(self, codes: dict[str, Tensor], inputs: Inputs) -> Tensor:
        """Return the tokens (B, K, D)."""
        out = []
        for place, driver in enumerate(self.config.drivers):
            if driver == "text":
                token = self.text(inputs.text)
                token = token if inputs.text_index is None else token[inputs.text_index]
                share = self.config.text_share(inputs.age)
                if share is not None:
                    token = torch.lerp(self.absent[place].to(token.dtype), token, share.to(token.dtype).unsqueeze(-1))
                out.append(token)
            elif driver == "segment":
                out.append(self.segment(inputs.segment.clamp_min(0)))
            else:
                out.append(self.numeric[driver](codes[driver]))
        return torch.stack(out, dim=1)

    def hidden(self, tokens: Tensor, present: Tensor) -> Tensor:
        """Return the hidden state (B, H) before activation; absent embeddings replace the drivers that are not `present` (B, K)."""
        tokens = torch.where(present.unsqueeze(-1), tokens, self.absent.to(tokens.dtype))
        return tokens.flatten(1) @ self.fuse.flatten(0, 1) + self.fuse_bias

    def top(self, hidden: Tensor) -> Tensor:
        """Map hidden states (..., H) before activation to (..., second), the input of the probability head."""
        return f.relu(self.second(self.dropout(f.relu(hidden))))


class FusionModel(nn.Module):
    """An ensemble of members that share one encoding of the numbers; its logit is the mean of theirs."""

    members: Sequence[Member]  # an nn.ModuleList, whose items torch types as any module
    text_mean: Tensor
    text_deviation: Tensor
    plain_mean: Tensor
    plain_deviation: Tensor

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.encoding = Encoding(config.columns, config.bins)
        self.register_buffer("text_mean", torch.zeros(config.text_width))
        self.register_buffer("text_deviation", torch.ones(config.text_width))
        self.register_buffer("plain_mean", torch.zeros(len(config.plain)))
        self.register_buffer("plain_deviation", torch.ones(len(config.plain)))
        widths = {driver: self.encoding.width(driver) for driver in config.columns}
        self.members = cast("Sequence[Member]", nn.ModuleList(Member(config, widths) for _ in range(config.members)))

    def fit_inputs(self, sample: np.ndarray, texts: np.ndarray | None, rates: tuple[float, ...], plain: np.ndarray | None = None) -> None:
        """Fit everything that is not trained by gradients, from training rows only.

        sample (n, F) rows of x; texts (m, W) distinct text vectors; rates (2 + thresholds,): shares of rows that rose, that fell, and that
        reached each of ORDINAL_THRESHOLDS; plain (n, Z) the columns `plain` of the same rows.
        """
        self.encoding.fit(sample)
        if plain is not None and plain.shape[1]:
            low, high = np.nanquantile(plain, [0.01, 0.99], axis=0)
            central = np.clip(plain, low, high)
            self.plain_mean.copy_(torch.from_numpy(np.nanmean(central, axis=0)))
            self.plain_deviation.copy_(torch.from_numpy(np.maximum(np.nanstd(central, axis=0), 1e-6)))
        if self.config.text_width and texts is not None and len(texts):
            self.text_mean.copy_(torch.from_numpy(texts.mean(0)))
            # One deviation for all dimensions, since their relative sizes carry the encoder's own weighting.
            self.text_deviation.fill_(max(float(texts.std()), 1e-6))
        for member in self.members:
            rate = torch.tensor(rates).clamp(1e-4, 1 - 1e-4)
            member.probability.bias.data.copy_(torch.logit(rate))

    def present(self, inputs: Inputs) -> Tensor:
        """Return (B, K) bool: numeric drivers with any value, texts that are not blank, segments that are known."""
        out = []
        for driver in self.config.drivers:
            if driver == "text":
                assert inputs.text is not None, "the config reads text"
                known = inputs.text.abs().sum(-1) > 0
                out.append(known if inputs.text_index is None else known[inputs.text_index])
            elif driver == "segment":
                out.append(inputs.segment >= 0)
            else:
                out.append(~torch.isnan(inputs.x[:, list(self.config.columns[driver])]).all(dim=1))
        return torch.stack(out, dim=1)

    def standardised(self, inputs: Inputs) -> Inputs:
        """Return the same inputs with text vectors centred and scaled."""
        if not self.config.text_width or inputs.text is None:
            return inputs
        return replace(inputs, text=(inputs.text - self.text_mean) / self.text_deviation)

    def forward(self, inputs: Inputs) -> Outputs:
        present = self.present(inputs)
        codes = self.encoding(inputs.x)
        inputs = self.standardised(inputs)
        logits, demand = [], []
        for member in self.members:
            kept = present & self._driver_dropout(present) if self.training else present
            hidden = member.hidden(member.tokens(codes, inputs), kept)
            logits.append(member.probability(member.top(hidden)).float())
            demand.append(member.demand(f.relu(hidden), inputs.base, self.plain(inputs)))
        return Outputs(torch.stack(logits), torch.stack(demand))

    def plain(self, inputs: Inputs) -> Tensor | None:
        """Return the `plain` columns (B, Z) standardised, 0 = missing; None where the config has none."""
        if not self.config.plain:
            return None
        if inputs.plain is None:
            return inputs.base.new_zeros(len(inputs.base), len(self.config.plain))
        return torch.nan_to_num(((inputs.plain - self.plain_mean) / self.plain_deviation).clamp(-4.0, 4.0))

    def _driver_dropout(self, present: Tensor) -> Tensor:
        """Return (B, K) bool: the drivers that driver dropout keeps.

        In a share of the rows each driver is dropped with that row's own probability, drawn uniformly from 0..1, so that subsets of all
        sizes occur as often as Shapley values weigh them. The other rows stay whole.
        """
        rows = len(present)
        some = torch.rand(rows, 1, device=present.device) < self.config.driver_dropout
        chance = torch.rand(rows, 1, device=present.device)
        return ~(some & (torch.rand(present.shape, device=present.device) < chance))

    def terms(self, inputs: Inputs) -> list[tuple[Tensor, Tensor]]:
        """Return, for each member, the term of every driver in the fusion's hidden sum: (B, K, H) as present in each row, (K, H) if absent.

        The member's logits are `probability(top(sum over K + fuse_bias))`. A driver that a row lacks has its absent term.
        """
        present = self.present(inputs)
        codes = self.encoding(inputs.x)
        inputs = self.standardised(inputs)
        out = []
        for member in self.members:
            absent = torch.einsum("kd,kdh->kh", member.absent, member.fuse)
            terms = torch.einsum("bkd,kdh->bkh", member.tokens(codes, inputs), member.fuse)
            out.append((torch.where(present.unsqueeze(-1), terms, absent), absent))
        return out


def loss(
    outputs: Outputs,
    rising: Tensor,
    falling: Tensor,
    units: Tensor,
    tail: Tensor,
    weight: Tensor,
    levels: tuple[float, ...],
    *,
    objective: str = "log",
    demand_weight: float = TrainingConfig.demand_weight,
    grades_weight: float = TrainingConfig.grades_weight,
) -> Tensor:
    """Return the joint loss, a scalar: rising and falling by log loss ("log") or squared error ("brier"), demand by pinball loss on log1p.

    The ordinal thresholds that `tail` reaches are added by log loss. rising, falling, tail (B,), units (B, T): NaN where not matured, which
    adds nothing. weight (B,). Losses are summed over members, so that each is trained as if it were alone.
    """
    total = outputs.logits.new_zeros(())
    for target, logits in ((rising, outputs.logits[..., RISING]), (falling, outputs.logits[..., FALLING])):
        known = ~torch.isnan(target)
        target, share = torch.where(known, target, 0.0).expand_as(logits), weight * known
        if objective == "log":
            each = f.binary_cross_entropy_with_logits(logits, target, reduction="none")
        else:
            each = (torch.sigmoid(logits) - target) ** 2
        total = total + (each * share).sum() / share.sum().clamp_min(1e-6)
    if grades_weight:
        known = ~torch.isnan(tail)
        reached = (tail.unsqueeze(-1) <= torch.tensor(ORDINAL_THRESHOLDS, device=tail.device)).float()
        logits = outputs.logits[..., 2:]
        each = f.binary_cross_entropy_with_logits(logits, reached.expand_as(logits), reduction="none").mean(-1)
        total = total + grades_weight * (each * (weight * known)).sum() / (weight * known).sum().clamp_min(1e-6)
    if demand_weight:
        total = total + demand_weight * pinball(outputs.demand, units, weight, levels)
    return total
