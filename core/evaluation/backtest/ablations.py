"""Ablations of the model's settings: what does each one contribute?

A backtest retrains the model once per chosen ablation, with only that setting changed, on the same rows. It reports the model minus the
retrained one on the same resamples: above 0, the setting in use is better.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UserError
from core.messages import Message, msg
from core.settings import Settings


@dataclass(frozen=True)
class Ablation:
    """One setting to change: section.field, the value to compare with, and the meaning of that value, which completes "instead of"."""

    name: str
    field: str
    value: object
    meaning: Message
    section: str = "recipe"

    def setting(self, settings: Settings):
        """Return the value in use."""
        return getattr(getattr(settings, self.section), self.field)

    def alternative(self, settings: Settings):
        """Return the value to change to: `value`, or the default where the settings already have `value`."""
        return self.value if self.setting(settings) != self.value else getattr(getattr(Settings(), self.section), self.field)

    def changed_settings(self, settings: Settings) -> Settings | None:
        """Return the settings with this one changed; None where both values are equal."""
        alternative = self.alternative(settings)
        return None if alternative == self.setting(settings) else settings.with_values(self.section, **{self.field: alternative})


ABLATIONS: tuple[Ablation, ...] = (
    Ablation("objective", "objective", "brier", msg("squared error of the probability as the loss")),
    Ablation("refit", "refit", False, msg("the validated model, without a refit on the last origins")),
    Ablation("follow-level", "follow_level", False, msg("the level learnt in training, without recalibration")),
    Ablation("segments", "segment_share", 1.0, msg("as many rows of segments as of all customers in each epoch")),
    Ablation("driver-dropout", "driver_dropout", 0.0, msg("every driver present in every training row")),
    Ablation("text-dropout", "text_dropout", 0.0, msg("no dropout on the text's vector")),
    Ablation("text-days", "text_days", 0.0, msg("a text whose weight does not depend on time on sale")),
    Ablation("bottleneck", "bottleneck", 48, msg("a wide text bottleneck")),
    Ablation("members", "members", 1, msg("a single network")),
    Ablation("trees", "trees_share", 0.0, msg("networks only, without boosted trees")),
    Ablation("trees-members", "trees_members", 1, msg("a single ensemble of boosted trees")),
    Ablation("networks", "trees_share", 1.0, msg("boosted trees only, without networks")),
    Ablation("grades", "grades_weight", 0.0, msg("networks trained on rising or not, without ordinal thresholds")),
    Ablation("pretraining", "pretrain_epochs", 3, msg("an encoder pretrained on the shop's texts")),
    Ablation("tuning", "tuning", "last-3", msg("the encoder's last three layers tuned to the shop"), section="model"),
)


def choose_ablations(names: tuple[str, ...] | None, settings: Settings) -> dict[str, tuple[Ablation, Settings]]:
    """Return name -> (ablation, changed settings) of the named ablations that change something; () chooses all, None none.

    Raises UserError for an unknown name.
    """
    known = {ablation.name: ablation for ablation in ABLATIONS}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UserError(
            expected=msg("The ablations are {names}.", names=list(known)),
            found=msg("Unknown ablations are given: {names}.", names=unknown),
            to_do=msg("Choose among these, or leave the names out to run all."),
        )
    wanted = [] if names is None else [known[name] for name in names or known]
    return {
        ablation.name: (ablation, changed_settings)
        for ablation in wanted
        if (changed_settings := ablation.changed_settings(settings)) is not None
    }
