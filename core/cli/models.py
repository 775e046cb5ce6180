"""Commands that make and judge models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from core.cli.command import IMPROVE, STEPS, argument, command, option
from core.cli.help import SpokenCommand
from core.cli.session import Session
from core.errors import UserError
from core.messages import lines, msg


@command("train", STEPS, msg("Train a candidate model on the panel."), "upswing train", "upswing train --tuning last-3 --since 2024-01-01")
def train(
    session: Session,
    tuning: Annotated[
        str | None,
        option("--tuning", msg("How the encoder learns: frozen, last-N layers, lora-R, adalora-R, adapters-W or full."), "MODE"),
    ] = None,
    since: Annotated[str | None, option("--since", msg("First training origin."), "DATE")] = None,
    encoder: Annotated[str | None, option("--encoder", msg("minilm, or a local folder of a BERT-type checkpoint."), "NAME")] = None,
) -> None:
    from core.models.candidate import train

    given = {k: v for k, v in {"tuning": tuning, "since": since, "encoder": encoder}.items() if v is not None}
    trained = train(session.workspace, session.workspace.settings().with_values("model", **given), progress=session.progress)
    record = {name: getattr(trained, name) for name in ("folder", "metrics", "origins", "seconds")}
    session.report(trained.text(), {"model": trained.model_id, **record})


class _AblationsAlone(SpokenCommand):
    """`--switches` without a value means all of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        filled = []
        for word, following in zip(args, [*args[1:], "--"]):
            filled += [word, ""] if word == "--switches" and following.startswith("-") else [word]
        return super().parse_args(ctx, filled)


@command(
    "backtest",
    IMPROVE,
    msg("Backtest the model at past dates and compare it with baselines."),
    "upswing backtest --out backtest",
    "upswing backtest --out quick --blocks 1 --baselines ''",
    cls=_AblationsAlone,
)
def backtest(
    session: Session,
    out: Annotated[str, option("--out", msg("Folder for predictions, metrics and the report."), "DIR")],
    train_until: Annotated[str | None, option("--train-until", msg("Last training origin."), "DATE")] = None,
    test_from: Annotated[str | None, option("--test-from", msg("First test origin."), "DATE")] = None,
    test_until: Annotated[str | None, option("--test-until", msg("Last test origin."), "DATE")] = None,
    blocks: Annotated[
        str, option("--blocks", msg("Only these blocks of origins, such as 1,3; default all."), "1,3", show_default=False)
    ] = "",
    switches: Annotated[
        str | None,
        option("--switches", msg("Retrain once for each ablation, or only for these, to measure what each setting adds."), "[A,B]"),
    ] = None,
    baselines: Annotated[str | None, option("--baselines", msg("Only these baselines; '' for none; default all."), "A,B")] = None,
) -> None:
    from core.evaluation.backtest import backtest

    done = backtest(
        session.workspace,
        Path(out),
        train_until=train_until,
        test_from=test_from,
        test_until=test_until,
        blocks=_numbers(blocks),
        switches=None if switches is None else _names(switches),
        baselines=None if baselines is None else _names(baselines),
        progress=session.progress,
    )
    session.report(done.text(), {"out": out, **done.summary()})


@command(
    "replay",
    IMPROVE,
    msg("Replay past updates and add their forecasts to the forecast log, for the page How right we were."),
    "upswing replay",
)
def replay(
    session: Session,
    updates: Annotated[
        int, option("--updates", msg("How many weekly updates to replay: the latest with a known outcome."), "N", min=1)
    ] = 12,
) -> None:
    from core.evaluation.replay import replay

    done = replay(session.workspace, session.progress, updates=updates)
    told = lines(done.text(), msg("The next `upswing score` and `upswing publish` show them.")) if done.updates else done.text()
    session.report(told, {"updates": done.updates, "trained_until": done.trained_until})


@command(
    "simulate",
    IMPROVE,
    msg("Simulate a year of orders with the forecast and with the methods that planners use without it."),
    "upswing simulate --out simulation",
    "upswing simulate --out long-waits --lead-times 14-42 --weeks 26",
)
def simulate(
    session: Session,
    out: Annotated[str, option("--out", msg("Folder for the figures."), "DIR")],
    weeks: Annotated[int, option("--weeks", msg("Weeks to evaluate, after 8 weeks that fill the shelves."), "N")] = 52,
    lead_times: Annotated[
        str | None, option("--lead-times", msg("Draw each product's lead time from this range of days; default the shop's own."), "14-42")
    ] = None,
    target: Annotated[
        str | None, option("--target", msg("What a service level promises: cycle, fill, shop or cost; default the shop's setting."), "NAME")
    ] = None,
    backorders: Annotated[
        bool, option("--backorders", msg("When a product is out of stock, customers wait instead of buying elsewhere."))
    ] = False,
    products: Annotated[int | None, option("--products", msg("At most this many products, drawn once; default all."), "N")] = None,
    seed: Annotated[int, option("--seed", msg("Seed of the draws."), "N")] = 7,
    baselines: Annotated[str | None, option("--baselines", msg("Only these baselines; '' for none; default all."), "A,B")] = None,
) -> None:
    from core.evaluation.simulate import simulate

    done = simulate(
        session.workspace,
        Path(out),
        weeks=weeks,
        lead_times=_range(lead_times),
        target=target,
        backorders=backorders,
        products=products,
        seed=seed,
        baselines=None if baselines is None else _names(baselines),
        progress=session.progress,
    )
    session.report(done.text(), {"out": out, **done.summary()})


@command(
    "tune",
    IMPROVE,
    msg("Search better training settings for this shop; stop and resume at will."),
    "upswing tune --minutes 120",
    "upswing tune --minutes 120 --apply",
)
def tune(
    session: Session,
    trials: Annotated[
        int | None, option("--trials", msg("Stop when the study has this many trials; default 30, without --minutes."), "N")
    ] = None,
    minutes: Annotated[float | None, option("--minutes", msg("Start no trial after this many minutes."), "M")] = None,
    until: Annotated[
        str | None, option("--until", msg("Last origin it may use; default the last before those that a backtest tests."), "DATE")
    ] = None,
    tuning: Annotated[str, option("--tuning", msg("Tunings of the encoder to include in the search."), "A,B", show_default=False)] = "",
    encoder: Annotated[str, option("--encoder", msg("Encoders to include in the search."), "A,B", show_default=False)] = "",
    apply: Annotated[bool, option("--apply", msg("Write the best settings into upswing.toml."))] = False,
) -> None:
    from core.evaluation.tune import tune

    found = tune(
        session.workspace,
        trials=trials,
        minutes=minutes,
        until=until,
        tunings=_names(tuning),
        encoders=_names(encoder),
        apply=apply,
        progress=session.progress,
    )
    names = ("tried", "stopped_early", "origins", "fair", "before", "best", "gain", "changes", "applied", "interrupted")
    session.report(found.text(), {name: getattr(found, name) for name in names})
    if found.interrupted:
        raise KeyboardInterrupt


@command(
    "models",
    IMPROVE,
    msg("List the models, or print the card of one."),
    "upswing models",
    "upswing models --card 20260314-091500",
    writes=False,
)
def models(
    session: Session, card: Annotated[str | None, option("--card", msg("Print this model's card as Markdown."), "ID")] = None
) -> None:
    from core.models.registry import model, models

    if card:
        text = model(session.workspace, card).card()
        session.report(text, {"model": card, "card": text})
        return
    found = models(session.workspace)
    rows = [f"{'*' if m.champion else ' '} {m.id}  {m.status}  {m.summary}" for m in found]
    session.report(
        "\n".join(rows) if rows else msg("There are no models yet. Run `upswing train` to make one."),
        [
            {
                "model": m.id,
                "status": m.status,
                "champion": m.champion,
                "reason": m.reason,
                "changed_at": m.changed_at,
                "metrics": m.metrics.get("metrics", {}),
            }
            for m in found
        ],
    )


@command(
    "promote",
    IMPROVE,
    msg("Make a candidate the champion."),
    "upswing promote 20260314-091500 --reason 'better on the last block'",
)
def promote(
    session: Session,
    id: Annotated[str, argument("ID", msg("The model, as `upswing models` lists it."))],
    reason: Annotated[str, option("--reason", msg("Why, for the audit log."), "TEXT", show_default=False)] = "",
) -> None:
    from core.models.registry import promote

    promote(session.workspace, id, reason=reason or msg("Promoted from the command line."))
    session.report(msg("Model {model} is the champion. The next `upswing score` uses it.", model=id), {"model": id})


def _names(text: str) -> tuple[str, ...]:
    """Return the value of an option such as `a,b`."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _numbers(text: str) -> tuple[int, ...]:
    """Return the value of an option such as `1,3`."""
    try:
        return tuple(int(name) for name in _names(text))
    except ValueError as error:
        raise UserError(
            expected=msg("This option takes numbers like 1,3."),
            found=msg("The value is {value}.", value=text),
            to_do=msg("Correct the option."),
        ) from error


def _range(text: str | None) -> tuple[int, int] | None:
    """Return the value of an option such as `14-42`."""
    if text is None:
        return None
    low, dash, high = text.partition("-")
    if not (low.isdigit() and dash and high.isdigit() and int(low) <= int(high)):
        raise UserError(
            expected=msg("This option takes a range of days like 14-42."),
            found=msg("The value is {value}.", value=text),
            to_do=msg("Correct the option."),
        )
    return int(low), int(high)
