"""The fusion model: one tower a driver, an absent embedding in place of any token, one small head on their sum.

Reads top to bottom: what goes in (ModelConfig, Inputs), numbers to codes (Encoding), one member of the ensemble (Member),
the whole (FusionModel), what it is trained on (loss). core/models/demand.py has its demand quantiles. Knows arrays only: no SQL, no
data frames, no files.

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
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS
from core.settings import TrainingConfig

RISING, FALLING = 0, 1
# Besides rising and falling the model learns how lucky the outcome was: whether the chance of so many orders or more at the own pace
# (core.features.labels, tail) is at most each of these. A riser is one step of that ladder; the others say how far a product was from it.
GRADES = (1e-4, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.8, 0.95)


@dataclass(frozen=True)
class ModelConfig:
    """What a FusionModel is made of; enough to build it anew before its weights are loaded.

    columns     numeric driver -> its columns of x, only features that training rows had values for
    text_width  W, 0 = the model reads no text
    segments    size of the vocabulary of segments, 0 = the model reads none
    whole_units the shop sells no fractions: a demand quantile below half a unit is 0
    plain       columns that the demand head reads as they are, since the drivers read them as ranks or not at all
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
        """The K drivers the model reads, in the order of its tokens."""
        return tuple(d for d in DRIVERS if d in self.columns or (d == "text" and self.text_width) or (d == "segment" and self.segments))

    def text_share(self, age: Tensor | None) -> Tensor | None:
        """(B,) in 0..1, how much of its text a product of this age is told by; the rest of the token is the absent one. None = wholly.

        A text stands for a product of which nothing else is known. Later its own history says more, and hundreds of rows with the one
        text would teach a net how that product did, under the name of its words.
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

    x        (B, F) float32, NaN = missing
    text     (U, W) float32, zeros = no text
    which    (B,) int64, each row's place in text; None where U = B and they are in the same order
    segment  (B,) int64, -1 = a segment that training did not know
    base     (B, T) float32, seasonal-naive cumulative units
    plain    (B, Z) float32, the config's `plain` columns, never as ranks; None = none, and unknown where the config has some
    age      (B,) float32, days on sale (core.models.panel.Panel.age); None = the text counts wholly, as on a first day
    """

    x: Tensor
    text: Tensor | None
    which: Tensor | None
    segment: Tensor
    base: Tensor
    plain: Tensor | None = None
    age: Tensor | None = None

    def without(self, driver: str, config: ModelConfig) -> Inputs:
        """The same inputs with one driver absent from every row."""
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
    """logits (M, B, 2 + grades): rising, falling, then tail <= each of GRADES.
    demand (M, B, T, L): log1p of cumulative units, rising in T and in L."""

    logits: Tensor
    demand: Tensor


class Encoding(nn.Module):
    """Numbers to codes: quantile piecewise-linear (Gorishniy et al. 2022), the standardised value, and a flag for missing.

    >>> e = Encoding({"price": (0,)}, bins=2)
    >>> e.fit(np.array([[0.0], [1.0], [2.0]], dtype=np.float32))
    >>> e(torch.tensor([[0.5], [float("nan")]]))["price"]
    tensor([[ 0.5000,  0.0000, -0.6249,  0.0000],
            [ 0.0000,  0.0000,  0.0000,  1.0000]])
    """

    low: Tensor
    scale: Tensor
    mean: Tensor
    deviation: Tensor
    index: Tensor
    FAR = -1e30  # stands for missing among the bins: below every bin, so all of its codes are 0

    def __init__(self, columns: dict[str, tuple[int, ...]], bins: int):
        super().__init__()
        self.columns, self.bins = columns, bins
        self.order = [c for chosen in columns.values() for c in chosen]
        n = len(self.order)
        # Every feature has `bins` codes; where its values allow fewer, the rest have scale 0 and stay 0.
        self.register_buffer("low", torch.zeros(n, bins))
        self.register_buffer("scale", torch.zeros(n, bins))
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("deviation", torch.ones(n))
        self.register_buffer("index", torch.tensor(self.order, dtype=torch.int64), persistent=False)

    def width(self, driver: str) -> int:
        return len(self.columns[driver]) * (self.bins + 2)

    def fit(self, sample: np.ndarray) -> None:
        """Sets bins, means and deviations from training rows (n, F), NaN = missing."""
        for place, column in enumerate(self.order):
            values = sample[:, column]
            values = values[np.isfinite(values)].astype(np.float64)
            if not len(values):
                continue
            distinct = np.unique(values)
            edges = distinct if len(distinct) <= self.bins + 1 else np.unique(np.quantile(values, np.linspace(0, 1, self.bins + 1)))
            count = len(edges) - 1
            self.low[place, :count] = torch.from_numpy(edges[:-1])
            self.scale[place, :count] = torch.from_numpy(1.0 / np.maximum(np.diff(edges), 1e-12))
            # Tails of shop data are heavy: the deviation is that of the central 98%, and forward() cuts at 4 of them.
            central = np.clip(values, *np.quantile(values, [0.01, 0.99]))
            self.mean[place] = central.mean()
            self.deviation[place] = max(central.std(), 1e-6)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(B, F) -> driver: (B, width(driver))."""
        x = x[:, self.index]
        missing = torch.isnan(x)
        codes = torch.where(missing, self.FAR, x).unsqueeze(-1)
        codes = (codes - self.low).mul_(self.scale).clamp_(0.0, 1.0)
        value = torch.where(missing, 0.0, ((x - self.mean) / self.deviation).clamp(-4.0, 4.0))
        flags = missing.to(x.dtype)
        out, start = {}, 0
        for driver, chosen in self.columns.items():
            end = start + len(chosen)
            out[driver] = torch.cat([codes[:, start:end].flatten(1), value[:, start:end], flags[:, start:end]], dim=1)
            start = end
        return out


class Dropout(nn.Module):
    """Dropout by random bytes, eight from each random integer: a share in steps of 1/256, at a quarter of nn.Dropout's time on a CPU,
    where that took a fifth of all training."""

    def __init__(self, share: float):
        super().__init__()
        self.dropped = round(256 * share)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.dropped:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * kept.to(x.dtype).mul_(256 / (256 - self.dropped))  # multiplying by a bool tensor is slow


class Member(nn.Module):
    """One member of the ensemble: towers, absent embeddings, fusion and heads.

    The fusion's first layer is linear in the concatenated tokens, that is, a sum of one term a driver, with nothing across
    drivers before it. Hence the logit with any subset of drivers present costs one small sum: exact Shapley values are cheap.
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
            # Narrow on purpose: one product's text stands in hundreds of rows, and a wide tower learns it by heart.
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
        self.probability = nn.Linear(config.second, 2 + len(GRADES))
        self.demand = DemandHead(h, config.demand_hidden, config.weeks, config.levels, len(config.plain))

    def tokens(self, codes: dict[str, Tensor], inputs: Inputs) -> Tensor:
        """(B, K, D)."""
        out = []
        for place, driver in enumerate(self.config.drivers):
            if driver == "text":
                token = self.text(inputs.text)
                token = token if inputs.which is None else token[inputs.which]
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
        """(B, H) before activation; drivers that are not present are replaced by their absent embeddings."""
        tokens = torch.where(present.unsqueeze(-1), tokens, self.absent.to(tokens.dtype))
        return tokens.flatten(1) @ self.fuse.flatten(0, 1) + self.fuse_bias

    def top(self, hidden: Tensor) -> Tensor:
        """(..., H) before activation -> (..., second), what the probabilities' head reads."""
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
        """Fits what is not learnt by gradients, from training rows only.

        sample (n, F) rows of x; texts (m, W) distinct text vectors; rates (2 + grades,): shares of rows that rose, that fell, and that
        reached each of GRADES; plain (n, Z) the same rows' columns `plain`.
        """
        self.encoding.fit(sample)
        if plain is not None and plain.shape[1]:
            low, high = np.nanquantile(plain, [0.01, 0.99], axis=0)
            central = np.clip(plain, low, high)
            self.plain_mean.copy_(torch.from_numpy(np.nanmean(central, axis=0)))
            self.plain_deviation.copy_(torch.from_numpy(np.maximum(np.nanstd(central, axis=0), 1e-6)))
        if self.config.text_width and texts is not None and len(texts):
            self.text_mean.copy_(torch.from_numpy(texts.mean(0)))
            # One deviation for all dimensions: their relative sizes are the encoder's own idea of what matters.
            self.text_deviation.fill_(max(float(texts.std()), 1e-6))
        for member in self.members:
            rate = torch.tensor(rates).clamp(1e-4, 1 - 1e-4)
            member.probability.bias.data.copy_(torch.logit(rate))

    def present(self, inputs: Inputs) -> Tensor:
        """(B, K) bool: a numeric driver is absent where all its features are missing, text where it is blank, segment where unknown."""
        out = []
        for driver in self.config.drivers:
            if driver == "text":
                assert inputs.text is not None, "the config reads text"
                known = inputs.text.abs().sum(-1) > 0
                out.append(known if inputs.which is None else known[inputs.which])
            elif driver == "segment":
                out.append(inputs.segment >= 0)
            else:
                out.append(~torch.isnan(inputs.x[:, list(self.config.columns[driver])]).all(dim=1))
        return torch.stack(out, dim=1)

    def standardised(self, inputs: Inputs) -> Inputs:
        """The same inputs with text vectors centred and scaled."""
        if not self.config.text_width or inputs.text is None:
            return inputs
        return replace(inputs, text=(inputs.text - self.text_mean) / self.text_deviation)

    def forward(self, inputs: Inputs) -> Outputs:
        present = self.present(inputs)
        codes = self.encoding(inputs.x)
        inputs = self.standardised(inputs)
        logits, demand = [], []
        for member in self.members:
            kept = present & self._kept(present) if self.training else present
            hidden = member.hidden(member.tokens(codes, inputs), kept)
            logits.append(member.probability(member.top(hidden)).float())
            demand.append(member.demand(f.relu(hidden), inputs.base, self.plain(inputs)))
        return Outputs(torch.stack(logits), torch.stack(demand))

    def plain(self, inputs: Inputs) -> Tensor | None:
        """(B, Z) standardised, 0 = missing."""
        if not self.config.plain:
            return None
        if inputs.plain is None:
            return inputs.base.new_zeros(len(inputs.base), len(self.config.plain))
        return torch.nan_to_num(((inputs.plain - self.plain_mean) / self.plain_deviation).clamp(-4.0, 4.0))

    def _kept(self, present: Tensor) -> Tensor:
        """Driver dropout, (B, K) bool: in a share of the rows, each driver goes with that row's own probability, drawn evenly
        from 0..1, so that subsets of all sizes are seen as often as Shapley values weigh them; the other rows stay whole."""
        rows = len(present)
        some = torch.rand(rows, 1, device=present.device) < self.config.driver_dropout
        chance = torch.rand(rows, 1, device=present.device)
        return ~(some & (torch.rand(present.shape, device=present.device) < chance))

    def terms(self, inputs: Inputs) -> list[tuple[Tensor, Tensor]]:
        """For each member, what every driver adds to the fusion's hidden sum: (B, K, H) where present, (K, H) where absent.

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
    """The joint loss, a scalar: rising and falling by log loss ("log") or squared error ("brier"), demand by pinball on log1p.

    Beside these the steps of GRADES that `tail` reached, by log loss. rising, falling, tail (B,), units (B, T): NaN where not matured,
    which adds nothing. weight (B,). Members are summed, so that each
    learns as if it were alone.
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
        reached = (tail.unsqueeze(-1) <= torch.tensor(GRADES, device=tail.device)).float()
        logits = outputs.logits[..., 2:]
        each = f.binary_cross_entropy_with_logits(logits, reached.expand_as(logits), reduction="none").mean(-1)
        total = total + grades_weight * (each * (weight * known)).sum() / (weight * known).sum().clamp_min(1e-6)
    if demand_weight:
        total = total + demand_weight * pinball(outputs.demand, units, weight, levels)
    return total
