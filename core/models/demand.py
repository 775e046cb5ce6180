"""The demand head: quantiles of cumulative units, and their loss. Tensors only.

Shapes as in core.models.network: M members, B rows, H hidden width, T demand weeks, L demand levels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as f
from torch import Tensor, nn


class DemandHead(nn.Module):
    """Map the fusion's hidden state (B, H) and the seasonal-naive base (B, T) to quantiles that cannot cross in levels or in weeks.

    The units of a span between two demand weeks are base * exp(r). r grows with the level by softplus steps away from the median, and
    spans add up. Each span's r and steps are those of the span before it plus a change, which starts at 0 and shrinks by weight decay:
    outcomes of far weeks are known for the fewest origins, so far weeks follow the near ones until the data show otherwise.
    """

    lengths: Tensor

    def __init__(self, width: int, hidden: int, weeks: tuple[int, ...], levels: tuple[float, ...], plain: int = 0):
        super().__init__()
        self.count, self.centre = len(levels), min(range(len(levels)), key=lambda i: abs(levels[i] - 0.5))
        self.register_buffer("lengths", torch.diff(torch.tensor([0.0, *weeks])), persistent=False)  # weeks per span
        self.top = nn.Sequential(nn.Linear(width + len(weeks) + plain, hidden), nn.SiLU())
        self.median = nn.Linear(hidden, len(weeks))
        self.steps = nn.Linear(hidden, len(weeks) * (len(levels) - 1))
        nn.init.zeros_(self.median.weight)
        nn.init.zeros_(self.median.bias)
        with torch.no_grad():
            self.steps.weight[len(levels) - 1 :] = 0.0
            self.steps.bias.zero_()
            self.steps.bias[: len(levels) - 1] = -0.5  # softplus(-0.5) = 0.47 per level: the spread of an average product

    def volume(self, spans: Tensor) -> Tensor:
        """Return (B, T): the level of a product's base, and its change from span to span.

        How far apart a product's quantiles lie depends on its volume, which the drivers' bins do not resolve among best sellers.
        """
        weekly = (spans / self.lengths).log()
        # The log of units per week has a mean of about 1 and a standard deviation of about 2.
        return torch.cat([(weekly.mean(1, keepdim=True) - 1) / 2, weekly.diff(dim=1)], dim=1)

    def forward(self, hidden: Tensor, base: Tensor, plain: Tensor | None = None) -> Tensor:
        """Return (B, T, L) log1p of cumulative units.

        hidden (B, H); base (B, T) cumulative units; plain (B, Z) columns that bypass the fusion.
        """
        spans = torch.diff(base, dim=1, prepend=torch.zeros_like(base[:, :1])).clamp_min(1e-3)
        top = self.top(torch.cat([hidden, self.volume(spans), *([] if plain is None else [plain])], dim=1))
        # Float32 even under autocast: bfloat16 would round cumulative units.
        median = self.median(top).float().cumsum(1).unsqueeze(-1)
        steps = f.softplus(self.steps(top).float().view(len(base), -1, self.count - 1).cumsum(1))
        below = -steps[..., : self.centre].flip(-1).cumsum(-1).flip(-1)
        above = steps[..., self.centre :].cumsum(-1)
        r = median + torch.cat([below, torch.zeros_like(median), above], dim=-1)
        return torch.log1p((spans.unsqueeze(-1) * r.clamp(max=12.0).exp()).cumsum(1))


def pinball(demand: Tensor, units: Tensor, weight: Tensor, levels: tuple[float, ...]) -> Tensor:
    """Return the pinball loss of log1p quantiles demand (M, B, T, L) against units (B, T): mean over matured units, sum over members."""
    known = ~torch.isnan(units)
    error = torch.log1p(torch.where(known, units, 0.0).clamp_min(0.0)).unsqueeze(-1) - demand
    level = torch.tensor(levels, device=demand.device)
    each = torch.maximum(level * error, (level - 1) * error).mean(-1)
    share = weight.unsqueeze(-1) * known
    return (each * share).sum() / share.sum().clamp_min(1e-6)
