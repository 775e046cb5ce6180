"""A backtest in words: what each figure is called and means, which learner is best, and the main figures for the terminal."""

from __future__ import annotations

from datetime import date

from core.evaluation.backtest.judgement import ABLATION, MODEL
from core.messages import Message, msg, nmsg
from core.schema import ALL, WORTH_SAYING

# metric -> (name, meaning)
SHOWN: dict[str, tuple[Message, Message]] = {
    "average_precision": (
        msg("average precision"),
        msg("area under the precision-recall curve; a constant forecast scores the share of risers"),
    ),
    "brier_skill": (
        msg("Brier skill"),
        msg("1 - Brier score / Brier score of the test rows' own share of risers; 0 is that constant, 1 is perfect"),
    ),
    "brier": (msg("Brier score"), msg("mean squared error of the probability")),
    "log_loss": (msg("log loss"), msg("mean negative logarithm of the probability given to what happened")),
    "precision_at_50": (msg("precision@50"), msg("share of risers among the 50 highest at an origin, mean over origins")),
    "precision_at_100": (msg("precision@100"), msg("the same among the 100 highest")),
    "precision_at_50_pooled": (msg("precision@50, pooled"), msg("share of risers among the 50 highest of all origins together")),
    "lift_top_tenth": (msg("lift, top tenth"), msg("share of risers in the top tenth / share of risers overall")),
    "ece": (msg("ECE"), msg("expected calibration error: mean distance of forecast and observed share over ten bins of equal size")),
    "accuracy": (
        msg("accuracy"),
        msg("share of rows classified correctly when a probability of {share} or more counts as rising", share=f"{WORTH_SAYING:.0%}"),
    ),
    "precision": (msg("precision"), msg("share of risers among the rows classified as rising")),
    "recall": (msg("recall"), msg("share of the risers that are classified as rising")),
    "f1": (msg("F1"), msg("harmonic mean of precision and recall")),
}
DEMAND_SHOWN: dict[str, tuple[Message, Message]] = {
    "wql": (msg("weighted quantile loss"), msg("2 × summed pinball loss / summed units, mean over levels")),
    "mase": (msg("MASE"), msg("mean error of the median / mean error of the naive forecast in the product's own past")),
    "bias": (msg("bias"), msg("summed (median - actual) / summed units; above 0 is too high")),
    "coverage_50": (msg("coverage of the 50% interval"), msg("share of rows inside it")),
    "coverage_80": (msg("coverage of the 80% interval"), msg("share of rows inside it")),
    "coverage_95": (msg("coverage of the 95% interval"), msg("share of rows inside it")),
}
_AHEAD = {
    "even": msg(
        "Best {metric}: Upswing, {lead} ahead of {rival}. The difference may be chance.",
    ),
    "clear": msg("Best {metric}: Upswing, {lead} ahead of {rival}. The difference is more than chance."),
}
_BEHIND = {
    "even": msg("Best {metric}: {rival}; Upswing is {lead} behind. The difference may be chance."),
    "clear": msg("Best {metric}: {rival}; Upswing is {lead} behind. The difference is more than chance."),
}
VERDICTS = {"ahead": msg("ahead"), "behind": msg("behind"), "even": msg("no clear difference")}


def rising_learners(report: dict) -> list[str]:
    """Return the names of the learners that forecast rising, in the report's order."""
    return [n for n in report["learners"] if "average_precision" in report["metrics"].get(n, {}).get(ALL, {})]


def title(report: dict, learner: str) -> Message:
    """Return what a learner is called. A report holds English titles, which are the keys of the catalogue."""
    return Message(report["learners"][learner])


def number(figure: dict | None, digits: int = 3) -> str:
    """Return '.448 [.420, .475]', or '-' where undefined."""
    if not figure or figure["value"] is None:
        return "-"
    ends = "" if figure["low"] is None else f" [{rounded(figure['low'], digits)}, {rounded(figure['high'], digits)}]"
    return f"{rounded(figure['value'], digits)}{ends}"


def rounded(value: float, digits: int = 3) -> str:
    """Return a rounded number; zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def verdict(report: dict) -> list[Message]:
    """Return who is best at the main figures, in a sentence each; a baseline that wins is named as the winner."""
    said = []
    for metric in ("average_precision", "brier_skill", "precision_at_50"):
        winner = report["best"][ALL].get(metric)
        rivals = {n: d[ALL][metric] for n, d in report["differences"].items() if metric in d.get(ALL, {})}
        if winner is None or not rivals:
            continue
        rival = winner if winner != MODEL else min(rivals, key=lambda n: rivals[n]["value"])
        sentence = (_AHEAD if winner == MODEL else _BEHIND)["even" if rivals[rival]["verdict"] == "even" else "clear"]
        lead = rivals[rival]["value"] * (1 if winner == MODEL else -1)
        said.append(Message(sentence.template, {"metric": SHOWN[metric][0], "lead": f"{lead:.3f}", "rival": title(report, rival)}))
    return said or [msg("There is no baseline to compare with: none was run, or nothing rose.")]


def ablation(report: dict, name: str) -> Message:
    """Return which setting an ablation changes: 'objective log instead of brier'."""
    setting = report["switch_settings"][name]
    return msg(
        "{setting} {value} instead of {other}",
        setting=setting["setting"].split(".")[1],
        value=str(setting["is"]),
        other=str(setting["instead"]),
    )


def table(report: dict) -> list[Message | str]:
    """Return the main figures as lines for the terminal."""
    day = date.fromisoformat
    lines: list[Message | str] = [
        msg(
            "Block {block}: trained on {train_from} to {train_until} ({train_rows} rows), embargo {embargo_days} days, "
            "tested on {test_from} to {test_until} ({test_origins} origins, {test_rows} rows)",
            **{name: day(value) if name.endswith(("_from", "_until")) else value for name, value in block.items() if name != "seconds"},
        )
        for block in report["blocks"]
    ]
    size = report["slices"][ALL]
    lines += [
        "",
        nmsg(
            "All customers: {count} row, {risers} risers ({share}); 95% intervals",
            "All customers: {count} rows, {risers} risers ({share}); 95% intervals",
            size["rows"],
            risers=size["risers"],
            share=f"{size['risers'] / size['rows']:.1%}",
        ),
    ]
    columns = ("average_precision", "brier_skill", "precision_at_50", "ece")
    cells = [["", *(str(SHOWN[c][0]) for c in columns)]]
    cells += [[report["learners"][n], *(number(report["metrics"][n][ALL].get(c)) for c in columns)] for n in rising_learners(report)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
    if report["switches"]:
        lines += ["", msg("Ablations, as it is minus the change: average precision, Brier skill")]
        for name, figures in report["switches"].items():
            differences = ", ".join(_difference(figures[ALL][metric]) for metric in ABLATION)
            lines.append(
                msg("  {ablation} {change}: {differences}", ablation=f"{name:<16}", change=ablation(report, name), differences=differences)
            )
    return [*lines, "", *verdict(report)]


def _difference(figure: dict | None) -> str:
    return f"{number(figure)} {figure['verdict']}" if figure else "-"
