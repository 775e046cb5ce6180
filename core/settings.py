"""Settings of a shop: what its `upswing.toml` may hold, which values each setting takes, and the defaults.

A section is a class whose fields each carry a `Setting` (core/setting.py). Sections of how the shop is served: core/service_settings.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Annotated, Any, get_type_hints

from core.messages import msg
from core.service_settings import NotificationSettings, PageSettings, ScheduleSettings
from core.setting import AT_ONCE, IMPORT, RECALCULATE, Section, Setting, each_matches, is_day, is_zone, matches

Values = dict[str, dict[str, Any]]  # section -> name -> value


@dataclass(frozen=True)
class ShopSettings(Section):
    """The shop itself. An import infers what is left out: the currency, the countries, the segments and the names of columns."""

    name: Annotated[str, Setting("Name of the shop on the pages.", applied_by=AT_ONCE)] = "My shop"
    currency: Annotated[
        str,
        Setting(
            "Currency of the shop's amounts; empty shows amounts without a sign.",
            unit="ISO 4217 code",
            check=matches("([A-Z]{3})?"),
            form=msg('a currency code of three capital letters, such as "GBP"'),
            applied_by=RECALCULATE,
        ),
    ] = ""
    countries: Annotated[
        tuple[str, ...],
        Setting(
            "Countries whose public holidays count.",
            unit="ISO 3166 codes",
            check=each_matches("[A-Z]{2}"),
            form=msg('a list of country codes of two capital letters, such as ["GB", "DE"]'),
            applied_by=RECALCULATE,
        ),
    ] = ()
    signal: Annotated[
        str,
        Setting(
            "What counts as interest in a product; empty takes orders where there are any, else views, carts or reviews.",
            choices=("", "orders", "views", "carts", "reviews"),
        ),
    ] = ""
    segment_attribute: Annotated[
        str, Setting("What makes the segments: country or channel of the orders, or a column of the customers file; empty makes none.")
    ] = ""
    segment_min_orders: Annotated[
        int, Setting("A segment needs this many orders in its base window.", unit="orders", at_least=1, at_most=1_000_000_000)
    ] = 200
    segment_min_customers: Annotated[
        int,
        Setting(
            "A segment needs this many different customers in its base window; an order without a customer's id counts as one.",
            unit="customers",
            at_least=1,
            at_most=1_000_000_000,
        ),
    ] = 10
    max_segments: Annotated[int, Setting("At most this many segments are forecast, the largest first.", at_least=0, at_most=1000)] = 12
    origin_weekday: Annotated[
        int, Setting("Weekday of the weekly origins in training: 1 is Monday, 7 is Sunday.", unit="ISO weekday", at_least=1, at_most=7)
    ] = 7
    exchange_rates: Annotated[
        tuple[str, ...],
        Setting(
            "Value of one unit of another currency in the shop's; amounts without a rate are kept aside.",
            unit='"CODE = rate"',
            check=each_matches(r"[A-Z]{3} *= *[0-9]+(\.[0-9]+)?"),
            form=msg('a list of texts such as ["USD = 0.92"]'),
        ),
    ] = ()
    time_zone: Annotated[
        str,
        Setting(
            "Time zone of the shop, whose days its days are.",
            unit="IANA name",
            check=is_zone,
            form=msg('the name of a time zone, such as "Europe/Berlin"'),
            applied_by=IMPORT,
        ),
    ] = ""
    as_of: Annotated[
        str,
        Setting(
            "Last day whose data may be used; empty takes the last day of usual activity.",
            unit="day",
            check=is_day,
            form=msg('a day such as "2011-01-31", in quotes'),
        ),
    ] = ""
    columns: Annotated[
        tuple[str, ...],
        Setting(
            "Names of columns in the shop's files that the generic preset does not know.",
            unit='"table.column = name"',
            check=each_matches(r"[^=]+=.*\S.*"),
            form=msg('a list of texts such as ["orders.units = Menge"]'),
        ),
    ] = ()

    @property
    def holiday_countries(self) -> tuple[str, ...]:
        """Return `countries`; where there are none, the one whose code begins the currency's (ISO 4217); else none."""
        from holidays.utils import list_supported_countries

        own = self.currency[:2]
        return self.countries or ((own,) if own in list_supported_countries(include_aliases=False) else ())


@dataclass(frozen=True)
class LabelSettings(Section):
    """What "rising" means. A change applies after the next training."""

    horizon_days: Annotated[int, Setting("Length of the window that is predicted.", unit="days", at_least=1, at_most=182)] = 28
    base_days: Annotated[int, Setting("Length of the window that sets a product's own rate.", unit="days", at_least=7, at_most=364)] = 56
    min_age_days: Annotated[int, Setting("A product counts from this long after its first sale.", unit="days", at_least=0, at_most=364)] = 7
    recent_sale_days: Annotated[
        int, Setting("A product counts while its last sale is at most this old.", unit="days", at_least=1, at_most=1092)
    ] = 182
    luck: Annotated[
        float, Setting("A rise is less likely than this under the product's own rate.", unit="probability", above=0, below=0.5)
    ] = 0.05
    min_ratio: Annotated[
        float, Setting("A rise is at least this many times the expected orders.", unit="times", at_least=1, at_most=100)
    ] = 1.25
    min_extra_orders: Annotated[
        float, Setting("A rise has at least this many orders more than expected.", unit="orders", at_least=0, at_most=1_000_000)
    ] = 5.0
    min_instock_share: Annotated[
        float, Setting("A product counts if it is in stock on this share of the horizon's days.", unit="share", at_least=0, at_most=1)
    ] = 0.6


@dataclass(frozen=True)
class ModelSettings(Section):
    """How the fusion model is built and trained."""

    encoder: Annotated[
        str,
        Setting(
            'The text encoder: "minilm", or a folder with a BERT-type checkpoint.',
            check=matches(r"(?s).*\S.*"),
            form=msg('"minilm" or the path of a folder'),
        ),
    ] = "minilm"
    tuning: Annotated[
        str,
        Setting(
            "How much of the encoder learns: nothing, its last N layers, low-rank updates of rank R, adapters of width W, or all of it.",
            check=matches(r"frozen|full|(last|lora|adalora|adapters)-[1-9]\d{0,3}"),
            form=msg('"frozen", "last-N", "lora-R", "adalora-R", "adapters-W" or "full", with a number for N, R or W'),
        ),
    ] = "frozen"
    since: Annotated[
        str,
        Setting(
            "First origin to learn from; empty takes all.", unit="day", check=is_day, form=msg('a day such as "2011-01-31", in quotes')
        ),
    ] = ""
    seed: Annotated[int, Setting("Seed of every random number in training.", at_least=0, at_most=2**31 - 1)] = 7
    max_epochs: Annotated[
        int, Setting("Training stops after this many epochs at the latest.", unit="epochs", at_least=1, at_most=10_000)
    ] = 10
    device: Annotated[
        str, Setting("Where training runs; auto takes a CUDA device where there is one.", choices=("auto", "cpu", "cuda"))
    ] = "auto"


@dataclass(frozen=True)
class TrainingConfig(Section):
    """The hyperparameters of training. The defaults suit shops that nobody has seen; `upswing tune` searches better ones for one shop.

    The last group are the sizes of core.models.network.ModelConfig.
    """

    batch_rows: Annotated[int, Setting("Rows of the panel in a batch.", unit="rows", at_least=1, at_most=1_000_000)] = 4096
    learning_rate: Annotated[float, Setting("Learning rate of the network.", above=0, at_most=1)] = 1e-3
    pretrain_epochs: Annotated[
        int,
        Setting("Passes of masked-language pretraining over the products' texts before training.", unit="epochs", at_least=0, at_most=1000),
    ] = 0
    pretrain_learning_rate: Annotated[float, Setting("Learning rate of pretraining.", above=0, at_most=1)] = 5e-5
    encoder_learning_rate: Annotated[float, Setting("Learning rate of a tuned encoder's top layer.", above=0, at_most=1)] = 1e-5
    encoder_layer_decay: Annotated[
        float, Setting("Learning rate of a layer of a tuned encoder, relative to the layer above it.", unit="times", above=0, at_most=1)
    ] = 1.0
    encoder_passes: Annotated[
        int, Setting("How often per epoch a tuned encoder applies the gradients of its texts.", unit="times", at_least=1, at_most=1000)
    ] = 1
    weight_decay: Annotated[float, Setting("Weight decay of the optimiser (AdamW).", at_least=0, at_most=10)] = 0.02
    clip: Annotated[float, Setting("Largest norm of a gradient; larger ones are scaled down.", above=0, at_most=1_000_000)] = 1.0
    warmup_steps: Annotated[int, Setting("Steps until the learning rate is reached.", unit="steps", at_least=0, at_most=1_000_000)] = 50
    average: Annotated[
        float, Setting("Decay of the running mean of the weights, which is evaluated and kept.", unit="share", at_least=0, below=1)
    ] = 0.99
    validation_origins: Annotated[int, Setting("Weekly origins held out for validation.", unit="origins", at_least=0, at_most=520)] = 8
    patience: Annotated[
        int, Setting("Training stops after this many epochs without enough gain.", unit="epochs", at_least=0, at_most=10_000)
    ] = 1
    least_gain: Annotated[
        float, Setting("Smallest relative gain of the validation loss that justifies another epoch.", unit="share", at_least=0, below=1)
    ] = 0.003
    least_epochs: Annotated[
        int,
        Setting(
            "Early stopping waits for this many epochs, since one season's validation stops too early.",
            unit="epochs",
            at_least=0,
            at_most=10_000,
        ),
    ] = 3
    segment_share: Annotated[
        float, Setting("Rows of segments in an epoch, relative to the rows of all customers.", unit="share", at_least=0, at_most=100)
    ] = 0.33
    objective: Annotated[str, Setting("Loss of the rising forecast: log loss or Brier score.", choices=("log", "brier"))] = "log"
    demand_weight: Annotated[float, Setting("Weight of the demand quantiles in the loss.", at_least=0, at_most=1000)] = 1.0
    grades_weight: Annotated[
        float, Setting("Weight of the ordinal thresholds (core.models.network.ORDINAL_THRESHOLDS) in the loss.", at_least=0, at_most=1000)
    ] = 1.0
    trees_share: Annotated[
        float, Setting("Weight of the boosted trees in the rising logit; 0 grows none.", unit="share", at_least=0, at_most=1)
    ] = 0.8
    trees_members: Annotated[int, Setting("Ensembles of trees that are averaged.", at_least=1, at_most=64)] = 2
    trees_rounds: Annotated[
        int, Setting("Trees in each ensemble, at most as many in a strongly regularised one.", unit="trees", at_least=1, at_most=100_000)
    ] = 350
    demand_trees_share: Annotated[
        float, Setting("Weight of the boosted trees in the demand quantiles; 0 grows none.", unit="share", at_least=0, at_most=1)
    ] = 0.7
    refit: Annotated[bool, Setting("After validation, train again on all origins.")] = True
    follow_level: Annotated[bool, Setting("Recalibrate the level of all probabilities on the forecasts since training.")] = True
    epochs_without_validation: Annotated[
        int, Setting("Epochs where the history is too short to validate.", unit="epochs", at_least=1, at_most=10_000)
    ] = 3
    members: Annotated[int, Setting("Networks that are averaged.", at_least=1, at_most=64)] = 2
    bins: Annotated[int, Setting("Bins of the piecewise-linear encoding of a feature.", at_least=2, at_most=1024)] = 12
    tower: Annotated[int, Setting("Width of a driver's tower.", at_least=1, at_most=8192)] = 64
    token: Annotated[int, Setting("Width of a driver's token.", at_least=1, at_most=8192)] = 24
    bottleneck: Annotated[int, Setting("Width to which the text vector is reduced.", at_least=1, at_most=8192)] = 8
    hidden: Annotated[int, Setting("Width of the first layer over the tokens.", at_least=1, at_most=8192)] = 64
    second: Annotated[int, Setting("Width of the second layer over the tokens.", at_least=1, at_most=8192)] = 32
    demand_hidden: Annotated[int, Setting("Width of the demand layer.", at_least=1, at_most=8192)] = 128
    dropout: Annotated[float, Setting("Dropout in the towers and over the tokens.", unit="share", at_least=0, below=1)] = 0.1
    text_dropout: Annotated[float, Setting("Dropout of the text vector.", unit="share", at_least=0, below=1)] = 0.3
    text_days: Annotated[
        float,
        Setting("Days on sale after which a text counts half as much; 0 lets it count in full.", unit="days", at_least=0, at_most=100_000),
    ] = 56.0
    driver_dropout: Annotated[
        float, Setting("Share of training rows in which drivers are dropped.", unit="share", at_least=0, at_most=1)
    ] = 0.5


@dataclass(frozen=True)
class InventorySettings(Section):
    """How orders are suggested. A change applies after the next scoring; core.capabilities.inventory.control.Rules has most fields too."""

    applied_by = RECALCULATE

    service_level: Annotated[
        float, Setting("What the target promises, as a share of cycles or of demand.", unit="share", above=0, below=1)
    ] = 0.95
    review_days: Annotated[int, Setting("Days between two orders for a product.", unit="days", at_least=1, at_most=364)] = 7
    default_lead_time_days: Annotated[
        int, Setting("Lead time of products and suppliers that name none.", unit="days", at_least=0, at_most=728)
    ] = 14
    target: Annotated[
        str,
        Setting(
            "What the service level means: cycles without a stock-out, demand met per product, demand met over the shop, or least cost.",
            choices=("cycle", "fill", "shop", "cost"),
        ),
    ] = "cycle"
    holding_cost_share: Annotated[
        float, Setting("Cost of holding a unit for a year, relative to its unit cost.", unit="share", at_least=0, at_most=10)
    ] = 0.25
    order_columns: Annotated[
        tuple[str, ...],
        Setting('Columns of a purchase order, each as "name" or "name = heading".', unit="names of the plan's columns", applied_by=AT_ONCE),
    ] = ("product_id", "title", "order_units", "packs", "unit_cost", "line_cost", "order_by", "comment")


@dataclass(frozen=True)
class FeatureSettings(Section):
    """Which products may share a list to feature. Pages follow a change at once, the table `feature_lists` after the next scoring."""

    applied_by = AT_ONCE

    max_share_brand: Annotated[
        float, Setting("Largest share of a list that one brand may have; 1 is no limit.", unit="share", above=0, at_most=1)
    ] = 1.0
    max_share_supplier: Annotated[
        float, Setting("Largest share of a list that one supplier may have; 1 is no limit.", unit="share", above=0, at_most=1)
    ] = 1.0
    min_share_brand: Annotated[
        float,
        Setting(
            "Smallest share of a list for each brand with candidates, as far as places go; 0 is none.", unit="share", at_least=0, at_most=1
        ),
    ] = 0.0
    min_share_supplier: Annotated[
        float,
        Setting(
            "Smallest share of a list for each supplier with candidates, as far as places go; 0 is none.",
            unit="share",
            at_least=0,
            at_most=1,
        ),
    ] = 0.0
    near_similarity: Annotated[
        float,
        Setting(
            "Two products of a category whose texts are at least so similar do not share a list; 1 lets all but equal texts share one.",
            unit="cosine similarity",
            above=0,
            at_most=1,
        ),
    ] = 0.9


@dataclass(frozen=True)
class Settings(Section):
    """All sections of `upswing.toml`; a field is a section's name there."""

    shop: ShopSettings = field(default_factory=ShopSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    recipe: TrainingConfig = field(default_factory=TrainingConfig)
    inventory: InventorySettings = field(default_factory=InventorySettings)
    feature: FeatureSettings = field(default_factory=FeatureSettings)
    pages: PageSettings = field(default_factory=PageSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    notifications: NotificationSettings = field(default_factory=NotificationSettings)

    def with_values(self, section: str, **values) -> Settings:
        """Return a copy with some values of one section replaced: settings.with_values("model", tuning="last-3")."""
        return replace(self, **{section: replace(getattr(self, section), **values)})

    def as_dict(self) -> dict:
        """Return the values that forecasts and orders follow, by section and name."""
        return {section: values for section, values in asdict(self).items() if section not in SERVICE}

    def changes(self, before: Settings) -> dict[str, dict[str, object]]:
        """Return the values by section and name that differ from those before; sections without any are left out."""
        found = {
            section: {
                name: value for name, value in vars(getattr(self, section)).items() if value != getattr(getattr(before, section), name)
            }
            for section in SECTIONS
        }
        return {section: values for section, values in found.items() if values}


SECTIONS = tuple(f.name for f in fields(Settings))
SERVICE = ("feature", "pages", "schedule", "notifications")  # sections of how the shop is served


def effective(own: Values, inferred: Values) -> Settings:
    """Return the defaults with what imports inferred over them and the user's own values on top.

    Names of columns add up, the user's first.
    """
    settings = Settings()
    for layer in (inferred, own):
        for section, values in layer.items():
            settings = settings.with_values(section, **values)
    columns = [name for layer in (own, inferred) for name in layer.get("shop", {}).get("columns", ())]
    return settings.with_values("shop", columns=tuple(dict.fromkeys(columns)))


@cache
def described(section: str) -> dict[str, Setting]:
    """Return the `Setting` of each name in a section."""
    hints = get_type_hints(type(getattr(Settings(), section)), include_extras=True)
    return {name: next(m for m in hint.__metadata__ if isinstance(m, Setting)) for name, hint in hints.items()}


def applied_by(section: str, name: str) -> str:
    """Return what makes a change of a setting take effect, one of core.setting's."""
    return described(section)[name].applied_by or getattr(Settings(), section).applied_by
