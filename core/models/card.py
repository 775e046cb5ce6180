"""The model card (Mitchell et al. 2019): what a model is for, what it learned from, how good it is and where it ends, as Markdown.

It is derived from the files of the model folder, whose hashes stand in the manifest, and from nothing else: the page and the command
line write it anew each time, so it always says what the files say, also of a model that was trained before there were cards. The
card.md in the folder is a copy for people who find the folder; it is not in the manifest, and whoever adds a note to it breaks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from core.schema import ALL, CANONICAL, DEMAND_WEEKS, DRIVERS
from core.settings import LabelSettings

Translate = Callable[[str], str]


def card(folder: Path, _: Translate = str) -> str:
    """The card of the model in a folder, Markdown. `_` translates its sentences (default: English).

    What an older model's files don't say is left out; nothing is guessed.
    """
    folder = Path(folder)
    config, metrics, features = (_read(folder / f"{name}.json") for name in ("config", "metrics", "features"))
    parts = [
        "# " + _("Model card") + ": " + _code(metrics.get("model") or folder.name),
        _purpose(metrics.get("data", {}), _),
        "## " + _("Data"),
        _data(config, metrics, features, _),
        "## " + _("Recipe"),
        _recipe(config, metrics, _),
        "## " + _("Figures"),
        _figures(metrics, _),
        "## " + _("Do its chances come true?"),
        _calibration(metrics, _),
        "## " + _("Limits"),
        _limits(config, metrics, features, _),
        "## " + _("Learn it again"),
        _again(config, metrics, _),
    ]
    return "\n\n".join(parts) + "\n"


def _purpose(data: dict, _: Translate) -> str:
    labels = vars(LabelSettings()) | data.get("labels", {})
    what = _(
        "For each product, for everyone and for each customer segment: the chance that it is about to rise in the next {days} days, "
        "the chance that it is about to fall, and the units that will be asked for over {weeks} weeks."
    )
    rising = _(
        "Rising means: at least {ratio} above the product's own pace after the whole shop's growth is taken out, by at least "
        "{extra} {signal}, with a chance of at most {luck} that it is luck."
    )
    return "\n\n".join(
        (
            what.format(days=labels["horizon_days"], weeks=", ".join(map(str, DEMAND_WEEKS))),
            rising.format(
                ratio=f"{labels['min_ratio'] - 1:.0%}",
                extra=f"{labels['min_extra_orders']:g}",
                luck=f"{labels['luck']:.0%}",
                signal=_code(data.get("signal", "orders")),
            ),
            "## " + _("Intended use"),
            _(
                "For merchandisers who choose what to show and planners who choose what to order, in the shop whose data it "
                "learned from. It "
                "ranks and gives reasons; people decide. It is not made for another shop, for judging single customers, or for ordering "
                "without anybody looking."
            ),
        )
    )


def _data(config: dict, metrics: dict, features: list, _: Translate) -> str:
    data, origins, rows = metrics.get("data", {}), metrics.get("origins", {}), metrics.get("rows", {})
    learn, validate = origins.get("learn"), origins.get("validate")
    tables, segments = data.get("tables", {}), [s for s in data.get("segments", []) if s != ALL]
    read, absent = _drivers(config, features)
    days = lambda span, count: _("{count} origins, {first} to {last}; {rows} rows").format(rows=f"{count or 0:,}", **span)  # noqa: E731
    return _table(
        (_("What"), ""),
        (
            (_("Shop"), _code(data["shop"]) if data.get("shop") else None),
            (_("Interest signal"), _code(data["signal"]) if data.get("signal") else None),
            (_("Last day of data"), metrics.get("panel_as_of")),
            (_("Products"), f"{data['products']:,}" if data.get("products") else None),
            (
                _("Segments"),
                f"{_code(data['segment_attribute'])} ({len(segments)})" if segments and data.get("segment_attribute") else None,
            ),
            (_("Tables given"), ", ".join(f"{_code(name)} ({tables[name]:,})" for name in CANONICAL if tables.get(name))),
            (_("Tables not given"), ", ".join(_code(name) for name in CANONICAL if tables and not tables.get(name))),
            (_("Drivers it reads"), ", ".join(map(_code, read))),
            (_("Drivers absent for want of data"), ", ".join(map(_code, absent))),
            (_("Learned until the check"), days(learn, rows.get("learn")) if learn else None),
            (_("Checked on"), days(validate, rows.get("validate")) if validate else None),
            (_("Days kept apart between the two"), data.get("horizon_days") if validate else None),
            (_("Then learned anew from all origins"), _("yes") if origins.get("refit_on_all") else _("no") if origins else None),
        ),
    )


def _recipe(config: dict, metrics: dict, _: Translate) -> str:
    settings, net = _settings(config, metrics), config.get("model", {})
    numbers = metrics.get("recipe", {}) | {k: v for k, v in net.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    epochs, seconds = metrics.get("epochs"), metrics.get("seconds")
    return _table(
        (_("What"), ""),
        (
            (_("Encoder of the texts"), _code(settings["encoder"]) if settings.get("encoder") else None),
            (_("Its tuning"), _code(settings["tuning"]) if settings.get("tuning") else None),
            (
                _("Read the shop's texts before"),
                _("perplexity {before} before, {after} after, on {held_out} texts held out; {pieces} new word pieces").format(
                    before=f"{read['perplexity_before']:.1f}",
                    after=f"{read['perplexity_after']:.1f}",
                    held_out=read["held_out"],
                    pieces=read["pieces"],
                )
                if (read := metrics.get("pretraining"))
                else None,
            ),
            (_("Seed"), settings.get("seed")),
            (
                _("Epochs"),
                _("{epochs} of at most {most}").format(epochs=epochs, most=settings.get("max_epochs", epochs)) if epochs else None,
            ),
            (
                _("Boosted trees"),
                (
                    _("{rounds}, cautious: products of this shop tell little of each other")
                    if trees["settings"]
                    else _("{rounds}, the usual ones")
                ).format(rounds=trees["rounds"])
                if (trees := metrics.get("trees"))
                else None,
            ),
            (_("Trained (UTC)"), metrics.get("trained_at")),
            (_("Took"), _("{seconds} s").format(seconds=f"{seconds:,.0f}") if seconds else None),
            (_("Version of the code"), metrics.get("data", {}).get("code_version")),
            (_("Hyperparameters"), ", ".join(f"`{name}` {value}" for name, value in numbers.items())),
        ),
    )


def _figures(metrics: dict, _: Translate) -> str:
    values, intervals = metrics.get("metrics", {}), metrics.get("intervals", {})
    if not values:
        return _("None: the history was too short to keep weeks back for a check. Take its chances for little more than the base rate.")
    names = {
        "base_rate": _("share of rows that rose (base rate)"),
        "average_precision": _("average precision: 1 is perfect, the base rate is guessing"),
        "precision_at_50": _("precision@50: of the 50 put first at each origin, the share that rose"),
        "brier_skill": _("Brier skill: 1 is perfect, 0 is no better than the base rate"),
        "brier": _("Brier score, lower is better"),
        "log_loss": _("log loss, lower is better"),
        "ece": _("expected calibration error, lower is better"),
        "lift_top_tenth": _("lift: risers in the first tenth against the average"),
        "falling_average_precision": _("falling: average precision"),
        "falling_brier_skill": _("falling: Brier skill"),
    } | {
        f"demand_loss_w{w}": _("demand, horizon of {weeks} wk: weighted quantile loss, lower is better").format(weeks=w)
        for w in DEMAND_WEEKS
    }
    interval = lambda name: "{:.3f} – {:.3f}".format(*intervals[name]) if name in intervals else ""  # noqa: E731
    whole = _table(
        (_("Everyone"), _("value"), _("95% interval")), [(said, _number(values.get(name)), interval(name)) for name, said in names.items()]
    )
    segments = [(said, _number(values.get(f"segments_{name}"))) for name, said in names.items()]
    sliced = "\n\n" + _table((_("All segments together"), _("value")), segments) if any(value for _said, value in segments) else ""
    note = _(
        "Measured on the origins it was checked on. The intervals come from drawing whole products and runs of weeks anew "
        "(bootstrap); they do not cover a season unlike the ones checked."
    )
    return f"{whole}{sliced}\n\n{note}"


def _calibration(metrics: dict, _: Translate) -> str:
    bins = metrics.get("calibration", [])
    if not bins:
        return _("Not known: no weeks were kept back.")
    bar = lambda share: "█" * round(20 * share) or "▏"  # noqa: E731
    return _table(
        (_("it said"), _("came true"), _("forecasts"), ""),
        [(f"{b['predicted']:.1%}", f"{b['observed']:.1%}", f"{b['rows']:,}", bar(b["observed"])) for b in bins],
    )


def _limits(config: dict, metrics: dict, features: list, _: Translate) -> str:
    validate = metrics.get("origins", {}).get("validate")
    absent = _drivers(config, features)[1]
    said = [
        _(
            "The same checked weeks chose the number of epochs and fitted the calibration, so the figures are a little kind to both. A "
            "backtest (`upswing backtest`) judges weeks that nothing was chosen on."
        ),
        _(
            "The figures are those of the recipe learned until the check. The model that is kept learned from those weeks too, "
            "and no unseen "
            "week is left to measure it on."
        )
        if metrics.get("origins", {}).get("refit_on_all")
        else "",
        _("{count} weekly origins are one stretch of one year; another season may be easier or harder.").format(count=validate["count"])
        if validate
        else "",
        _("A rise is a rise by the thresholds above; a product just below them counts as none. Other thresholds ask for another model."),
        _("It saw nothing of {drivers}: there was no data for them, so what only they would show stays unseen.").format(
            drivers=", ".join(map(_code, absent))
        )
        if absent
        else "",
        _("Reasons say what the forecast rests on, not what would happen if somebody changed it: a driver is no cause."),
        _("A product without a history of its own is forecast from what is left: its text, its price, products like it."),
        _("A shop that changes (new range, new market, prices, stock-outs it did not record) should be learned again."),
    ]
    return "\n".join(f"- {line}" for line in said if line)


def _again(config: dict, metrics: dict, _: Translate) -> str:
    """The command, with settings as upswing.toml holds them: not all of them are options of the command."""
    settings = _settings(config, metrics)
    lines = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in settings.items() if v != ""]
    return "\n\n".join(
        (
            _(
                "With the same files imported, the same other settings and the same version of the code, these lines in "
                "`upswing.toml` and these "
                "two commands give the same weights on the same kind of machine:"
            ),
            "```toml\n" + "\n".join(["[model]", *lines]) + "\n```",
            "```sh\nupswing features --workspace DIR\nupswing train --workspace DIR\n```",
        )
    )


# ---- helpers


def _drivers(config: dict, features: list) -> tuple[list[str], list[str]]:
    """(read, absent): drivers of the features that the net has a tower for, and those that no training row had anything for."""
    net = config.get("model", {})
    if not net or not features:
        return [], []
    towers = set(net.get("columns", {})) | ({"text"} if net.get("text_width") else set()) | ({"segment"} if net.get("segments") else set())
    known = {f["driver"] for f in features} | {"text", "segment"}
    return [d for d in DRIVERS if d in towers], [d for d in DRIVERS if d in known - towers]


def _settings(config: dict, metrics: dict) -> dict:
    return metrics.get("settings") or config.get("settings", {})


def _table(head: tuple[str, ...], rows: Iterable[tuple]) -> str:
    """A Markdown table; a row whose second cell is empty is left out, since the files don't say it."""
    lines = [head, ("---",) * len(head), *(row for row in rows if row[1] not in (None, ""))]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)


def _code(text) -> str:
    """Somebody else's words as a code span, in which Markdown stays text."""
    return "`" + " ".join(str(text).replace("`", "'").split()) + "`"


def _number(value) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else ""


def _read(file: Path):
    """The content of a file, {} where it is missing or damaged: a card is no check, loading the model is."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
