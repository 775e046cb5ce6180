"""Baselines that the model must beat: `rising` for the probability, `demand` for the quantiles."""

from core.evaluation.baselines.demand import DEMAND_BASELINES, DemandBaseline, seasonal_naive
from core.evaluation.baselines.rising import BASELINES
from core.evaluation.baselines.weekly import WeeklyUnits

__all__ = ["BASELINES", "DEMAND_BASELINES", "DemandBaseline", "WeeklyUnits", "seasonal_naive"]
