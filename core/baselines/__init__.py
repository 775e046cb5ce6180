"""What the model must beat: `rising` for the probability, `demand` for the quantiles."""

from core.baselines.demand import seasonal_naive
from core.baselines.rising import BASELINES

__all__ = ["BASELINES", "seasonal_naive"]
