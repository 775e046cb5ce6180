"""The model's switches, each held against what it stands in for: is it worth its place?

A backtest refits the model once a chosen switch, with that one switch flipped and nothing else changed, on the same rows, and reports
the model minus the flipped one on the same resamples: above 0 is better as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UserError
from core.messages import Message, msg
from core.settings import Settings


@dataclass(frozen=True)
class Switch:
    """One setting to flip: section.field, the value to compare with, and what is compared, in words that follow "instead of"."""

    name: str
    field: str
    value: object
    meaning: Message
    section: str = "recipe"

    def setting(self, settings: Settings):
        return getattr(getattr(settings, self.section), self.field)

    def other(self, settings: Settings):
        """The value to flip to: `value`, or the default where the settings have that already."""
        return self.value if self.setting(settings) != self.value else getattr(getattr(Settings(), self.section), self.field)

    def flipped(self, settings: Settings) -> Settings | None:
        """The settings with this switch flipped; None where there is nothing to flip to."""
        other = self.other(settings)
        return None if other == self.setting(settings) else settings.with_values(self.section, **{self.field: other})


SWITCHES: tuple[Switch, ...] = (
    Switch("objective", "objective", "brier", msg("squared error of the probability as the loss")),
    Switch("refit", "refit", False, msg("the validated model, without a refit on the last origins")),
    Switch("follow-level", "follow_level", False, msg("the level learnt in training, without recalibration")),
    Switch("segments", "segment_share", 1.0, msg("as many rows of segments as of all customers in each epoch")),
    Switch("driver-dropout", "driver_dropout", 0.0, msg("every driver present in every training row")),
    Switch("text-dropout", "text_dropout", 0.0, msg("no dropout on the text's vector")),
    Switch("text-days", "text_days", 0.0, msg("a text whose weight does not depend on time on sale")),
    Switch("bottleneck", "bottleneck", 48, msg("a wide text bottleneck")),
    Switch("members", "members", 1, msg("a single network")),
    Switch("trees", "trees_share", 0.0, msg("networks only, without boosted trees")),
    Switch("trees-members", "trees_members", 1, msg("a single ensemble of boosted trees")),
    Switch("networks", "trees_share", 1.0, msg("boosted trees only, without networks")),
    Switch("grades", "grades_weight", 0.0, msg("networks trained on rising or not, without ordinal thresholds")),
    Switch("pretraining", "pretrain_epochs", 3, msg("an encoder pretrained on the shop's texts")),
    Switch("tuning", "tuning", "last-3", msg("the encoder's last three layers tuned to the shop"), section="model"),
)


def chosen(names: tuple[str, ...] | None, settings: Settings) -> dict[str, tuple[Switch, Settings]]:
    """name -> (switch, flipped settings) of the asked switches that can be flipped; () asks for all, None for none."""
    known = {switch.name: switch for switch in SWITCHES}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UserError(
            expected=msg("The ablations are {names}.", names=list(known)),
            found=msg("Unknown ablations are given: {names}.", names=unknown),
            to_do=msg("Choose among these, or leave the names out to run all."),
        )
    asked = [] if names is None else [known[name] for name in names or known]
    return {switch.name: (switch, flipped) for switch in asked if (flipped := switch.flipped(settings)) is not None}
