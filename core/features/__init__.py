"""From canonical tables to the panel: one row per (product, as_of, segment), its features, label and outcomes."""

from core.features.building import Built, build, build_latest, weekly_origins
from core.features.records import FEATURES, Feature

__all__ = ["FEATURES", "Built", "Feature", "build", "build_latest", "weekly_origins"]
