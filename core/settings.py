"""Settings of a shop: what its `upswing.toml` may hold, and the defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace


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
    tuning: str = "frozen"  # or how the encoder learns too: last-N, lora-R, adalora-R, adapters-W, full (core/models/encoder_tuning.py)
    since: str = ""  # first origin to learn from, ISO date; "" = all there are
    seed: int = 7
    max_epochs: int = 10
    device: str = "auto"


@dataclass(frozen=True)
class Recipe:
    """The numbers of training. The defaults hold for shops that nobody has seen; `upswing tune` searches better ones for one shop.

    The last group are core.models.network.ModelConfig's sizes.
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
    grades_weight: float = 1.0  # of learning how lucky each outcome was (core.models.network.GRADES) beside whether it rose
    trees_share: float = 0.8  # of the rising logit that boosted trees say beside the net (core.models.trees); 0 = none
    trees_members: int = 2  # ensembles whose mean they are, as `members` of the net
    trees_rounds: int = 350  # trees of each; of cautious ones at most so many (core/models/rising_trees.py)
    demand_trees_share: float = 0.7  # of the demand quantiles that trees say (core/models/demand_trees.py); 0 = none
    refit: bool = True
    follow_level: bool = True  # the chances' level moves as the forecasts since training came out (core/models/calibrate.py)
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
    text_days: float = (
        56.0  # on sale, after which a text is half of what it was on the first day (core.models.network); 0 = it always counts wholly
    )
    driver_dropout: float = 0.5  # share of training rows in which drivers are dropped


@dataclass(frozen=True)
class InventorySettings:
    """core.capabilities.inventory.control.Rules has the first fields too, and says what they mean.

    order_columns: what a purchase order lists, names of core.capabilities.inventory.plan.ORDER_COLUMNS, each as "name" or "name = heading".
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

    def with_values(self, section: str, **values) -> Settings:
        """A copy with some values of one section replaced: settings.with_values("model", tuning="last-3")."""
        return replace(self, **{section: replace(getattr(self, section), **values)})

    def as_dict(self) -> dict:
        return asdict(self)


def as_toml(value) -> str:
    """A value as upswing.toml holds it."""
    import json

    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(as_toml(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)
