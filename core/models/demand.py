"""The demand head: quantiles of cumulative units, and the loss they are learnt by. Knows tensors only.

Shapes as in core.models.network: M members, B rows, H hidden width, T demand weeks, L demand levels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as f
from torch import Tensor, nn


class DemandHead(nn.Module):
    """What the fusion knows (B, H) and the seasonal-naive base (B, T) to quantiles that cannot cross, in levels or in weeks.

    Units of a span between two of the weeks are base * exp(r). r grows with the level by softplus steps out of the median, and
    spans add up. Each span's r and steps are those of the span before it plus a change of its own, which starts at 0 and shrinks
    by weight decay: what happened in the far weeks is known for the fewest origins, so the near ones speak for them until it is.
    """

    lengths: Tensor

    def __init__(self, width: int, hidden: int, weeks: tuple[int, ...], levels: tuple[float, ...], plain: int = 0):
        super().__init__()
        self.count, self.centre = len(levels), min(range(len(levels)), key=lambda i: abs(levels[i] - 0.5))
        self.register_buffer("lengths", torch.diff(torch.tensor([0.0, *weeks])), persistent=False)  # weeks of each span
        self.top = nn.Sequential(nn.Linear(width + len(weeks) + plain, hidden), nn.SiLU())
        self.median = nn.Linear(hidden, len(weeks))
        self.steps = nn.Linear(hidden, len(weeks) * (len(levels) - 1))
        nn.init.zeros_(self.median.weight)
        nn.init.zeros_(self.median.bias)
        with torch.no_grad():
            self.steps.weight[len(levels) - 1 :] = 0.0
            self.steps.bias.zero_()
            self.steps.bias[: len(levels) - 1] = -0.5  # softplus(-0.5) = 0.47 a level: the spread of an average product

    def volume(self, spans: Tensor) -> Tensor:
        """(B, T): the level of a product's base and how it changes from span to span. Drivers tell of orders and of changes, but
        how far apart a product's quantiles lie depends on how many units it sells, and bins stop telling best sellers apart."""
        paces = (spans / self.lengths).log()
        return torch.cat([(paces.mean(1, keepdim=True) - 1) / 2, paces.diff(dim=1)], dim=1)  # units a week: log about 1, sd about 2

    def forward(self, known: Tensor, base: Tensor, plain: Tensor | None = None) -> Tensor:
        """known (B, H), base (B, T) cumulative units, plain (B, Z) numbers as they are -> (B, T, L) log1p of cumulative units."""
        spans = torch.diff(base, dim=1, prepend=torch.zeros_like(base[:, :1])).clamp_min(1e-3)
        top = self.top(torch.cat([known, self.volume(spans), *([] if plain is None else [plain])], dim=1))
        # In float32 whatever autocast says: bf16 rounds cumulative units.
        median = self.median(top).float().cumsum(1).unsqueeze(-1)
        steps = f.softplus(self.steps(top).float().view(len(base), -1, self.count - 1).cumsum(1))
        below = -steps[..., : self.centre].flip(-1).cumsum(-1).flip(-1)
        above = steps[..., self.centre :].cumsum(-1)
        r = median + torch.cat([below, torch.zeros_like(median), above], dim=-1)
        return torch.log1p((spans.unsqueeze(-1) * r.clamp(max=12.0).exp()).cumsum(1))


def pinball(demand: Tensor, units: Tensor, weight: Tensor, levels: tuple[float, ...]) -> Tensor:
    """Pinball loss of log1p quantiles demand (M, B, T, L) against units (B, T), mean over what has matured, summed over members."""
    known = ~torch.isnan(units)
    error = torch.log1p(torch.where(known, units, 0.0).clamp_min(0.0)).unsqueeze(-1) - demand
    level = torch.tensor(levels, device=demand.device)
    each = torch.maximum(level * error, (level - 1) * error).mean(-1)
    share = weight.unsqueeze(-1) * known
    return (each * share).sum() / share.sum().clamp_min(1e-6)
