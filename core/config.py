"""Settings of a shop and the layout of its workspace folder.

A workspace is one folder with everything of one shop; a copy of it is a backup. Its `upswing.toml` holds
the settings that differ from the defaults below. Nothing here touches the files' contents.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from core.errors import NotReady, UserError


@dataclass(frozen=True)
class LabelSettings:
    """What "rising" means (DESIGN, section 3). Changing a value retrains."""

    horizon_days: int = 28
    base_days: int = 56
    min_age_days: int = 7
    recent_sale_days: int = 182
    luck: float = 0.05
    min_ratio: float = 1.25
    min_extra_orders: float = 5.0
    min_instock_share: float = 0.6


@dataclass(frozen=True)
class ShopSettings:
    """signal "" = orders where there are any, else views, carts, reviews; segment_attribute "" = none chosen.

    columns: what the shop's files call columns that the generic preset does not know, as "table.column = name".
    """

    name: str = "My shop"
    currency: str = ""  # ISO code; "" = nothing says it, and amounts stand without a sign
    countries: tuple[str, ...] = ()  # ISO codes of those whose holidays count; () = nothing says where the shop sells
    signal: str = ""
    segment_attribute: str = ""
    segment_min_orders: int = 200
    max_segments: int = 12
    origin_weekday: int = 7  # ISO: 7 = origins are Sundays
    columns: tuple[str, ...] = ()

    @property
    def holiday_countries(self) -> tuple[str, ...]:
        """`countries`; where there are none, the one whose money the currency is, with which its code begins (ISO 4217); else none."""
        from holidays.utils import list_supported_countries

        own = self.currency[:2]
        return self.countries or ((own,) if own in list_supported_countries(include_aliases=False) else ())


@dataclass(frozen=True)
class ModelSettings:
    """How the fusion model is built and trained."""

    encoder: str = "minilm"  # or a local folder of any BERT-type checkpoint
    tuning: str = "frozen"  # or how the encoder learns too: last-N, lora-R, adalora-R, adapters-W, full (core/training/tuning.py)
    since: str = ""  # first origin to learn from, ISO date; "" = all there are
    seed: int = 7
    max_epochs: int = 10
    device: str = "auto"


@dataclass(frozen=True)
class Recipe:
    """The numbers of training. The defaults hold for shops that nobody has seen; `upswing tune` searches better ones for one shop.

    The last group are core.model.ModelConfig's sizes.
    """

    batch_rows: int = 4096
    learning_rate: float = 1e-3
    pretrain_epochs: int = 0  # passes of masked-language pretraining over the products' texts, before training
    pretrain_learning_rate: float = 5e-5
    encoder_learning_rate: float = 1e-5
    encoder_layer_decay: float = 1.0  # each layer of a tuned encoder learns this many times as fast as the one above it
    encoder_passes: int = 1  # how often an epoch a tuned encoder catches up with what the rows said about its texts
    weight_decay: float = 0.02
    clip: float = 1.0
    warmup_steps: int = 50
    average: float = 0.99  # decay of the running mean of the weights, which is what is evaluated and kept
    validation_origins: int = 8
    patience: int = 1
    least_gain: float = 0.003  # of the validation loss: an epoch that gains less is not worth its time
    least_epochs: int = 3  # one season's validation, shocks to the whole shop included, would stop too early for the next
    segment_share: float = 0.33  # rows of segments an epoch, as a share of those of `all`
    objective: str = "log"  # or "brier"
    demand_weight: float = 1.0
    grades_weight: float = 1.0  # of learning how lucky each outcome was (core.model.GRADES) beside whether it rose
    trees_share: float = 0.8  # of the rising logit that boosted trees say beside the net (core.trees); 0 = none
    trees_members: int = 2  # ensembles whose mean they are, as `members` of the net
    trees_rounds: int = 350  # trees of each; of cautious ones at most so many (core/training/boosting.py)
    demand_trees_share: float = 0.7  # of the demand quantiles that trees say (core/training/demand_trees.py); 0 = none
    refit: bool = True
    follow_level: bool = True  # the chances' level moves as the forecasts since training came out (core/calibration.py)
    epochs_without_validation: int = 3
    members: int = 2
    bins: int = 12
    tower: int = 64
    token: int = 24
    bottleneck: int = 8
    hidden: int = 64
    second: int = 32
    demand_hidden: int = 128
    dropout: float = 0.1
    text_dropout: float = 0.3
    text_days: float = 56.0  # on sale, after which a text is half of what it was on the first day (core.model); 0 = it always counts wholly
    driver_dropout: float = 0.5  # share of training rows in which drivers are dropped


@dataclass(frozen=True)
class InventorySettings:
    """core.inventory.Rules has the first fields too, and says what they mean.

    order_columns: what a purchase order lists, names of core.plan.ORDER_COLUMNS, each as "name" or "name = heading".
    """

    service_level: float = 0.95
    review_days: int = 7
    default_lead_time_days: int = 14
    target: str = "cycle"  # what a service level promises: "cycle", "fill", "shop" or "cost"
    holding_cost_share: float = 0.25  # of the unit cost, a year
    order_columns: tuple[str, ...] = ("product_id", "title", "order_units", "packs", "unit_cost", "line_cost", "order_by", "comment")


@dataclass(frozen=True)
class Settings:
    shop: ShopSettings = field(default_factory=ShopSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    recipe: Recipe = field(default_factory=Recipe)
    inventory: InventorySettings = field(default_factory=InventorySettings)

    def with_values(self, section: str, **values) -> "Settings":
        """A copy with some values of one section replaced: settings.with_values("model", tuning="last-3")."""
        return replace(self, **{section: replace(getattr(self, section), **values)})

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Workspace:
    """The folder of one shop and the paths inside it."""

    root: Path

    @classmethod
    def at(cls, root: str | Path | None = None) -> "Workspace":
        """The folder asked for, else $UPSWING_WORKSPACE, else ./workspace."""
        return cls(Path(root or os.environ.get("UPSWING_WORKSPACE") or "workspace").expanduser().resolve())

    @property
    def settings_file(self) -> Path:
        return self.root / "upswing.toml"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def panel(self) -> Path:
        return self.root / "panel"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def current(self) -> Path:
        return self.root / "CURRENT"

    @property
    def state(self) -> Path:
        return self.root / "state.sqlite"

    @property
    def study(self) -> Path:
        """What `upswing tune` tried."""
        return self.root / "tune.sqlite"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def uploads(self) -> Path:
        """Files from the page until they are imported (core/jobs.py)."""
        return self.root / "uploads"

    @property
    def cache(self) -> Path:
        """What can be made again: embeddings, memory-mapped panels. Safe to delete."""
        return self.root / "cache"

    def create(self) -> "Workspace":
        self.root.mkdir(parents=True, exist_ok=True)
        return self

    def need(self, path: Path, step: str) -> Path:
        """The path if it exists, else a NotReady that names the step to run first."""
        if not path.exists():
            raise NotReady(f"{path.name} in {self.root}", "nothing there yet", f"run `upswing {step}` first")
        return path

    def settings(self) -> Settings:
        """The defaults, overridden by upswing.toml. A key nobody knows is an error, not silence."""
        if not self.settings_file.exists():
            return Settings()
        try:
            given = tomllib.loads(self.settings_file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise UserError(f"a TOML file at {self.settings_file}", str(error), "correct that line") from error
        settings = Settings()
        for section, values in given.items():
            if section not in {f.name for f in fields(Settings)}:
                raise UserError(f"one of {' '.join(f'[{f.name}]' for f in fields(Settings))}", f"[{section}]",
                                f"correct {self.settings_file}")
            current = getattr(settings, section)
            known = {f.name: f for f in fields(current)}
            for key, value in values.items():
                if key not in known:
                    raise UserError(f"one of {', '.join(known)} in [{section}]", key, f"correct {self.settings_file}")
                default = getattr(current, key)
                kind = (int, float) if isinstance(default, float) else (list, tuple) if isinstance(default, tuple) else type(default)
                if not isinstance(value, kind) or isinstance(value, bool) != isinstance(default, bool):
                    raise UserError(f"{section}.{key} like {default!r}", repr(value), f"correct {self.settings_file}")
            values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            settings = settings.with_values(section, **values)
        return settings

    def save_settings(self, settings: Settings) -> None:
        """Writes what differs from the defaults, atomically."""
        lines = []
        for f in fields(Settings):
            mine, default = getattr(settings, f.name), getattr(Settings(), f.name)
            changed = {k.name: getattr(mine, k.name) for k in fields(mine) if getattr(mine, k.name) != getattr(default, k.name)}
            if changed:
                lines.append(f"[{f.name}]")
                lines += [f"{k} = {as_toml(v)}" for k, v in changed.items()]
                lines.append("")
        self.create()
        temporary = self.settings_file.with_suffix(".tmp")
        temporary.write_text("\n".join(lines), encoding="utf-8")
        temporary.replace(self.settings_file)


def as_toml(value) -> str:
    """A value as upswing.toml holds it."""
    import json

    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(as_toml(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)
