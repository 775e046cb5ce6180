"""The search space of `upswing tune`: the settings that it varies, their ranges, and the sets of values to try first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.settings import Settings


@dataclass(frozen=True)
class SearchedSetting:
    """One setting and its range: one of `choices`, else a number from low to high, on a log scale with `log`."""

    section: str
    field: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple = ()

    @property
    def name(self) -> str:
        return f"{self.section}.{self.field}"

    def widened_to(self, value) -> SearchedSetting:
        """Return the same setting with a range that includes the value in use."""
        if self.choices:
            return self if value in self.choices else replace(self, choices=(*self.choices, value))
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def suggest(self, trial):
        """Return the value that an Optuna trial suggests, rounded as it is written into upswing.toml."""
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)
        return three_digits(trial.suggest_float(self.name, self.low, self.high, log=self.log))


# Left out: settings that only cost time (members), that one season would choose (epochs), or that move the demand, which this score does
# not measure (demand_weight).
SPACE = (
    SearchedSetting("recipe", "learning_rate", 5e-4, 8e-3, log=True),
    SearchedSetting("recipe", "weight_decay", 1e-3, 0.2, log=True),
    SearchedSetting("recipe", "driver_dropout", 0.2, 0.7),  # without it, a missing driver does not occur in training
    SearchedSetting("recipe", "text_dropout", 0.0, 0.6),
    SearchedSetting("recipe", "text_days", 14.0, 224.0, log=True),
    SearchedSetting("recipe", "dropout", 0.0, 0.3),
    SearchedSetting("recipe", "segment_share", 0.1, 1.0),
    SearchedSetting("recipe", "bottleneck", choices=(4, 8, 16, 32)),
    SearchedSetting("recipe", "tower", choices=(32, 64, 96)),
    SearchedSetting("recipe", "hidden", choices=(32, 64, 128)),
    SearchedSetting("recipe", "trees_share", 0.3, 0.9),
    SearchedSetting("recipe", "objective", choices=("log", "brier")),
)
ENCODER_RATE = SearchedSetting("recipe", "encoder_learning_rate", 3e-6, 1e-4, log=True)  # only where a trial tunes the encoder


def search_space(settings: Settings, tunings: tuple[str, ...], encoders: tuple[str, ...]) -> tuple[SearchedSetting, ...]:
    """Return the settings to search, including tunings and encoders to choose from."""
    asked = tuple(
        SearchedSetting("model", field, choices=values) for field, values in (("tuning", tunings), ("encoder", encoders)) if values
    )
    tuned = any(value != "frozen" for value in (tunings or (settings.model.tuning,)))
    return tuple(s.widened_to(setting_value(settings, s.name)) for s in (*asked, *SPACE)) + (ENCODER_RATE,) * tuned


def first_trials(settings: Settings, space: tuple[SearchedSetting, ...]) -> list[dict]:
    """Return the first trials: the settings in use, then the same settings with every other tuning and encoder."""
    today = {}
    for s in space:
        value = setting_value(settings, s.name)
        today[s.name] = value if s.choices else three_digits(value)
    found = [today] + [today | {s.name: value} for s in space if s.section == "model" for value in s.choices if value != today[s.name]]
    frozen = lambda first: first.get("model.tuning", settings.model.tuning) == "frozen"  # noqa: E731
    return [{k: v for k, v in first.items() if k != ENCODER_RATE.name or not frozen(first)} for first in found]


def setting_value(settings: Settings, name: str):
    section, field = name.split(".")
    return getattr(getattr(settings, section), field)


def change_settings(settings: Settings, values: dict) -> Settings:
    for name, value in values.items():
        section, field = name.split(".")
        settings = settings.with_values(section, **{field: value})
    return settings


def three_digits(value: float) -> float:
    """Return a value with three significant digits."""
    return float(f"{value:.3g}")
