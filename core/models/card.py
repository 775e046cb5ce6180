"""The model card (Mitchell et al. 2019) as Markdown: intended use, training data, figures and limits.

It is derived only from the files of the model folder, whose hashes the manifest holds. The page and the command line derive it on each
request, so it always matches the files, also for old models. The card.md in the folder is a copy for readers of the folder. It is not in
the manifest, so a note added to it breaks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path

from core.messages import Message, msg, show
from core.schema import ALL, CANONICAL, DEMAND_WEEKS, DRIVERS, NOT_MISSED
from core.settings import LabelSettings

Translate = Callable[[Message | str], str]  # returns a message in the card's language


def card(folder: Path, language: str = "en") -> str:
    """Return the card of the model in a folder as Markdown, in a language.

    Missing entries of an older model's files are left out; nothing is guessed.
    """
    folder, translate = Path(folder), partial(show, language=language)
    config, metrics, features = (_read(folder / f"{name}.json") for name in ("config", "metrics", "features"))
    parts = [
        "# " + translate(msg("Model card")) + ": " + _code(metrics.get("model") or folder.name),
        _purpose(metrics.get("data", {}), translate),
        "## " + translate(msg("Data")),
        _data(config, metrics, features, translate),
        "## " + translate(msg("Training")),
        _training(config, metrics, translate),
        "## " + translate(msg("Figures")),
        _figures(metrics, translate),
        "## " + translate(msg("Calibration")),
        _calibration(metrics, translate),
        "## " + translate(msg("Limits")),
        _limits(config, metrics, features, translate),
        "## " + translate(msg("Reproduce")),
        _reproduce(config, metrics, translate),
    ]
    return "\n\n".join(parts) + "\n"


def _purpose(data: dict, translate: Translate) -> str:
    labels = vars(LabelSettings()) | data.get("labels", {})
    return "\n\n".join(
        (
            translate(
                msg(
                    "For each product, for all customers and for each customer segment, the model forecasts the probability of rising in "
                    "the next {days} days, the probability of falling, and the demand in units over {weeks} weeks.",
                    days=labels["horizon_days"],
                    weeks=list(DEMAND_WEEKS),
                )
            ),
            translate(
                msg(
                    "A product rises if it exceeds its own sales rate, adjusted for the shop's growth, by at least {ratio} and by at least "
                    "{extra} {signal}, and if the probability that chance alone does so is at most {luck}.",
                    ratio=f"{labels['min_ratio'] - 1:.0%}",
                    extra=labels["min_extra_orders"],
                    luck=f"{labels['luck']:.0%}",
                    signal=_code(data.get("signal", "orders")),
                )
            ),
            "## " + translate(msg("Intended use")),
            translate(
                msg(
                    "For merchandisers who choose what to show and planners who choose what to order, in the shop that the model was "
                    "trained on. It ranks and gives reasons; people decide. It is not made for another shop, for judging single "
                    "customers, or for ordering without review."
                )
            ),
        )
    )


def _data(config: dict, metrics: dict, features: list, translate: Translate) -> str:
    data, origins, rows = metrics.get("data", {}), metrics.get("origins", {}), metrics.get("rows", {})
    learn, validate = origins.get("learn"), origins.get("validate")
    tables, segments = data.get("tables", {}), [s for s in data.get("segments", []) if s != ALL]
    read, absent = _drivers(config, features)

    def span(of: dict, count: int | None) -> str:
        return translate(
            msg(
                "{origins} origins, {first} to {last}; {rows} rows",
                origins=of["count"],
                first=date.fromisoformat(of["first"]),
                last=date.fromisoformat(of["last"]),
                rows=count or 0,
            )
        )

    return _table(
        (translate(msg("Property")), ""),
        (
            (translate(msg("Shop")), _code(data["shop"]) if data.get("shop") else None),
            (translate(msg("Demand signal")), _code(data["signal"]) if data.get("signal") else None),
            (translate(msg("Last day of data")), metrics.get("panel_as_of")),
            (translate(msg("Products")), f"{data['products']:,}" if data.get("products") else None),
            (
                translate(msg("Segments")),
                f"{_code(data['segment_attribute'])} ({len(segments)})" if segments and data.get("segment_attribute") else None,
            ),
            (translate(msg("Imported tables")), ", ".join(f"{_code(name)} ({tables[name]:,})" for name in CANONICAL if tables.get(name))),
            (
                translate(msg("Missing tables")),
                ", ".join(_code(name) for name in CANONICAL if tables and name not in NOT_MISSED and not tables.get(name)),
            ),
            (translate(msg("Drivers in use")), ", ".join(map(_code, read))),
            (translate(msg("Drivers without data")), ", ".join(map(_code, absent))),
            (translate(msg("Training origins")), span(learn, rows.get("learn")) if learn else None),
            (translate(msg("Validation origins")), span(validate, rows.get("validate")) if validate else None),
            (translate(msg("Embargo in days")), data.get("horizon_days") if validate else None),
            (
                translate(msg("Refit on all origins")),
                translate(msg("yes") if origins.get("refit_on_all") else msg("no")) if origins else None,
            ),
        ),
    )


def _training(config: dict, metrics: dict, translate: Translate) -> str:
    settings, net = _settings(config, metrics), config.get("model", {})
    numbers = metrics.get("recipe", {}) | {k: v for k, v in net.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    epochs, seconds = metrics.get("epochs"), metrics.get("seconds")
    return _table(
        (translate(msg("Property")), ""),
        (
            (translate(msg("Text encoder")), _code(settings["encoder"]) if settings.get("encoder") else None),
            (translate(msg("Tuning of the encoder")), _code(settings["tuning"]) if settings.get("tuning") else None),
            (
                translate(msg("Pretraining on the shop's texts")),
                translate(
                    msg(
                        "perplexity {before} before, {after} after, on {held_out} held-out texts; {pieces} new word pieces",
                        before=f"{read['perplexity_before']:.1f}",
                        after=f"{read['perplexity_after']:.1f}",
                        held_out=read["held_out"],
                        pieces=read["pieces"],
                    )
                )
                if (read := metrics.get("pretraining"))
                else None,
            ),
            (translate(msg("Seed")), settings.get("seed")),
            (
                translate(msg("Epochs")),
                translate(msg("{epochs} of at most {most}", epochs=epochs, most=settings.get("max_epochs", epochs))) if epochs else None,
            ),
            (
                translate(msg("Boosted trees")),
                translate(
                    msg("{rounds} rounds, strong regularisation", rounds=trees["rounds"])
                    if trees["settings"]
                    else msg("{rounds} rounds, standard regularisation", rounds=trees["rounds"])
                )
                if (trees := metrics.get("trees"))
                else None,
            ),
            (translate(msg("Trained (UTC)")), metrics.get("trained_at")),
            (translate(msg("Training time")), translate(msg("{seconds} s", seconds=round(seconds))) if seconds else None),
            (translate(msg("Version")), metrics.get("data", {}).get("code_version")),
            (translate(msg("Hyperparameters")), ", ".join(f"`{name}` {value}" for name, value in numbers.items())),
        ),
    )


FIGURES: dict[str, Message] = {
    "base_rate": msg("share of rows that rose (base rate)"),
    "average_precision": msg("average precision: 1 is perfect, the base rate is guessing"),
    "precision_at_50": msg("precision@50: share of risers among the top 50 of each origin"),
    "brier_skill": msg("Brier skill: 1 is perfect, 0 is no better than the base rate"),
    "brier": msg("Brier score, lower is better"),
    "log_loss": msg("log loss, lower is better"),
    "ece": msg("expected calibration error, lower is better"),
    "lift_top_tenth": msg("lift: share of risers in the top tenth / average share"),
    "falling_average_precision": msg("falling: average precision"),
    "falling_brier_skill": msg("falling: Brier skill"),
} | {f"demand_loss_w{w}": msg("demand, {weeks}-week horizon: weighted quantile loss, lower is better", weeks=w) for w in DEMAND_WEEKS}


def _figures(metrics: dict, translate: Translate) -> str:
    values, intervals = metrics.get("metrics", {}), metrics.get("intervals", {})
    if not values:
        return translate(
            msg("None: the history is too short to hold out weeks for validation. Expect forecasts little better than the base rate.")
        )

    def interval(name: str) -> str:
        return "{:.3f} – {:.3f}".format(*intervals[name]) if name in intervals else ""

    whole = _table(
        (translate(msg("All customers")), translate(msg("value")), translate(msg("95% interval"))),
        [(translate(label), _number(values.get(name)), interval(name)) for name, label in FIGURES.items()],
    )
    segments = [(translate(label), _number(values.get(f"segments_{name}"))) for name, label in FIGURES.items()]
    head = (translate(msg("All segments together")), translate(msg("value")))
    sliced = "\n\n" + _table(head, segments) if any(value for _label, value in segments) else ""
    note = translate(
        msg(
            "Measured on the validation origins. The intervals come from a bootstrap over products and runs of weeks. They do not cover a "
            "season unlike the validated ones."
        )
    )
    return f"{whole}{sliced}\n\n{note}"


def _calibration(metrics: dict, translate: Translate) -> str:
    bins = metrics.get("calibration", [])
    if not bins:
        return translate(msg("Unknown: no weeks were held out."))

    def bar(share: float) -> str:
        return "█" * round(20 * share) or "▏"

    return _table(
        (translate(msg("forecast")), translate(msg("actual")), translate(msg("forecasts")), ""),
        [(f"{b['predicted']:.1%}", f"{b['observed']:.1%}", f"{b['rows']:,}", bar(b["observed"])) for b in bins],
    )


def _limits(config: dict, metrics: dict, features: list, translate: Translate) -> str:
    validate = metrics.get("origins", {}).get("validate")
    absent = _drivers(config, features)[1]
    sentences = [
        msg(
            "The validation weeks also chose the number of epochs and fitted the calibration, so the figures are slightly optimistic. "
            "A backtest (`upswing backtest`) tests on weeks that were not used for any choice."
        ),
        msg(
            "The figures describe the model before its refit. The model that is kept was also trained on the validation weeks, "
            "so no unseen week is left to measure it on."
        )
        if metrics.get("origins", {}).get("refit_on_all")
        else "",
        msg("{count} weekly origins cover one part of one year. Another season may be easier or harder.", count=validate["count"])
        if validate
        else "",
        msg("The thresholds above define a rise. A product just below them does not count. Other thresholds need another model."),
        msg("There was no data for {drivers}, so the model cannot use them.", drivers=[_code(driver) for driver in absent])
        if absent
        else "",
        msg("Reasons are associations that the forecast rests on. They are not causes."),
        msg("A product without its own history is forecast from its text, its price and similar products."),
        msg("Retrain after a change of range, market or prices, or after stock-outs that were not recorded."),
    ]
    return "\n".join(f"- {translate(sentence)}" for sentence in sentences if sentence)


def _reproduce(config: dict, metrics: dict, translate: Translate) -> str:
    """Return the commands, with settings as lines of upswing.toml, since some are no options of the command."""
    settings = _settings(config, metrics)
    lines = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in settings.items() if v != ""]
    return "\n\n".join(
        (
            translate(
                msg(
                    "With the same imported files, the same other settings and the same version, these lines in `upswing.toml` and these "
                    "two commands give the same weights on the same kind of machine:"
                )
            ),
            "```toml\n" + "\n".join(["[model]", *lines]) + "\n```",
            "```sh\nupswing features --workspace DIR\nupswing train --workspace DIR\n```",
        )
    )


# ---- helpers


def _drivers(config: dict, features: list) -> tuple[list[str], list[str]]:
    """Return (read, absent): drivers of the features that the network has a tower for, and those without data in any training row."""
    net = config.get("model", {})
    if not net or not features:
        return [], []
    towers = set(net.get("columns", {})) | ({"text"} if net.get("text_width") else set()) | ({"segment"} if net.get("segments") else set())
    known = {f["driver"] for f in features} | {"text", "segment"}
    return [d for d in DRIVERS if d in towers], [d for d in DRIVERS if d in known - towers]


def _settings(config: dict, metrics: dict) -> dict:
    return metrics.get("settings") or config.get("settings", {})


def _table(head: tuple[str, ...], rows: Iterable[tuple]) -> str:
    """Return a Markdown table without the rows whose second cell is empty."""
    lines = [head, ("---",) * len(head), *(row for row in rows if row[1] not in (None, ""))]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)


def _code(text) -> str:
    """Return the shop's own words as a code span, in which Markdown stays text."""
    return "`" + " ".join(str(text).replace("`", "'").split()) + "`"


def _number(value) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else ""


def _read(file: Path):
    """Return the content of a file, {} where it is missing or damaged: loading the model checks the files, the card does not."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
