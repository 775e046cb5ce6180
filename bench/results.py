"""Recorded results: one JSON file a row, and the README's tables made from them, never typed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limit:
    """What one figure may be: at_most or at_least `value`; a figure that was not measured does not pass."""

    figure: str
    value: float
    unit: str
    at_least: bool = False

    def passes(self, figures: dict[str, float]) -> bool:
        found = figures.get(self.figure)
        return found is not None and (found >= self.value if self.at_least else found <= self.value)

    def text(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {shown(self.value, self.unit)}"


@dataclass(frozen=True)
class Result:
    """One measured row. figures: everything that was measured; limits: which of it has to keep what."""

    name: str
    what: str
    figures: dict[str, float]
    limits: tuple[Limit, ...]
    notes: tuple[str, ...] = ()
    more: dict = field(default_factory=dict)  # further content of the file, e.g. a backtest's metrics

    @property
    def passed(self) -> bool:
        return all(limit.passes(self.figures) for limit in self.limits)

    def as_dict(self) -> dict:
        return {
            "name": self.name,
            "what": self.what,
            "passed": self.passed,
            "figures": {k: round(float(v), 4) for k, v in self.figures.items() if v is not None},
            "limits": [asdict(limit) | {"passed": limit.passes(self.figures)} for limit in self.limits],
            "notes": list(self.notes),
            **self.more,
        }


def shown(value: float, unit: str) -> str:
    """12.3 s, 4:05 min, 0.71 GiB, 62 times: as a person writes it."""
    if unit == "s" and value >= 120:
        return f"{int(value) // 60} min {int(value) % 60:02d} s"
    if unit == "ms":
        return f"{value:.0f} ms"
    digits = 1 if unit in ("s", "times") and value < 100 else 0 if unit in ("s", "times") else 3 if not unit else 2
    return f"{value:.{digits}f} {unit}".strip()


def write(folder: Path, file: str, result: Result, machine: dict, stamp: dict) -> Path:
    """Writes bench/results/<file>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file}.json"
    content = result.as_dict() | stamp | {"machine": machine}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def readme(folder: Path, order: list[str], remark: str = "") -> str:
    """Writes and returns README.md of the folder from its JSON files, rows in the given order of names."""
    found = {c["name"]: c for c in (json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json")))}
    rows = [found[name] for name in order if name in found]
    missing = [name for name in order if name not in found]
    lines = [
        "# Measured",
        "",
        "Made by `python -m bench`; do not edit. Each row is measured as whole processes, start-up included."
        + (f" {remark}" if remark else ""),
        "",
        "| what | limit | measured | | when, commit |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        for i, limit in enumerate(row["limits"]):
            kept = Limit(limit["figure"], limit["value"], limit["unit"], limit["at_least"])
            value = row["figures"].get(kept.figure)
            lines.append(
                f"| {row['what'] + ': ' if i == 0 else '... '}{kept.figure.replace('_', ' ')} | {kept.text()} | "
                f"{'not measured' if value is None else shown(value, kept.unit)} | "
                f"{'kept' if limit['passed'] else '**missed**'} | "
                f"{row['measured_at'] + ', ' + row['commit'] if i == 0 else ''} |"
            )
    if missing:
        lines += ["", f"Not measured yet: {', '.join(missing)}."]
    lines += ["", "## Behind the figures", ""]
    for row in rows:
        figures = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in row["figures"].items())
        lines.append(
            f"- **{row['name']}** ({row['measured_at']}, load before {row['load_before']}): {figures}. {' '.join(row['notes'])}".rstrip()
        )
    for row in rows:
        if "backtest" in row:
            lines += ["", *_backtest_table(row)]
        if "truth" in row:
            lines += ["", *_truth_table(row)]
        if "tuning" in row:
            lines += ["", *_tuning_table(row)]
        if "simulation" in row:
            lines += ["", *_simulation_table(row)]
    if ablated := [row for row in rows if "ablation" in row]:
        lines += ["", *_ablation_table(_latest(ablated))]
    machines = {json.dumps(row["machine"], sort_keys=True): row["machine"] for row in rows}
    for machine in machines.values():
        lines += ["", "## The machine", "", *(f"- {key.replace('_', ' ')}: {value}" for key, value in machine.items())]
    text = "\n".join(lines) + "\n"
    (folder / "README.md").write_text(text, encoding="utf-8")
    return text


def _backtest_table(row: dict) -> list[str]:
    report = row["backtest"]
    columns = {"average_precision": "average precision", "brier_skill": "Brier skill", "precision_at_50": "precision@50", "ece": "ECE"}
    lines = [f"## {row['what']}", ""]
    lines += [
        f"Learnt from {block['train_from']} to {block['train_until']} ({block['train_rows']:,} rows), "
        f"tested on {block['test_origins']} origins {block['test_from']} to {block['test_until']}."
        for block in report["blocks"]
    ]
    lines += ["", "Segment all; 95% intervals.", "", f"| | {' | '.join(columns.values())} |", "|---|" + "---|" * len(columns)]

    def cell(figure: dict | None) -> str:
        return "" if not figure or figure["value"] is None else f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"

    for learner, figures in report["metrics"].items():
        if "average_precision" in figures:
            lines.append(f"| {report['learners'][learner]} | {' | '.join(cell(figures.get(c)) for c in columns)} |")
    for learner, figures in report["differences"].items():
        if "average_precision" in figures:
            lines.append(f"| Upswing minus {report['learners'][learner]} | {' | '.join(cell(figures.get(c)) for c in columns)} |")
    return lines


def _span(block: dict) -> str:
    return f"{block['test_from']} to {block['test_until']}"


def _latest(rows: list[dict]) -> list[dict]:
    """One ablation a data set: of what several rows measured on the same days, what was measured last."""
    by_data: dict[str, dict] = {}
    for row in sorted(rows, key=lambda row: row["measured_at"]):
        one = row["ablation"]
        known = by_data.get(one["data"], one)
        if [_span(block) for block in known["blocks"]] != [_span(block) for block in one["blocks"]]:
            known = one
        by_data[one["data"]] = one | {part: known[part] | one[part] for part in ("drivers", "switches", "switch_settings")}
    return [by_data[data] for data in dict.fromkeys(row["ablation"]["data"] for row in rows)]


def _ablation_table(found: list[dict]) -> list[str]:
    """Every driver, every switch, on every data set that was ablated."""
    metrics = {"average_precision": "average precision", "brier_skill": "Brier skill"}
    lines = [
        "## Every driver, every switch",
        "",
        "The model minus itself without the driver, or learnt anew with that one switch flipped; segment all, paired 95% intervals. "
        "Above 0 it helps. Tested on "
        + "; ".join(f"{one['data']}, {', '.join(_span(block) for block in one['blocks'])}" for one in found)
        + ".",
        "",
        "| | " + " | ".join(f"{one['data']}: {title}" for one in found for title in metrics.values()) + " |",
        "|---|" + "---|" * (2 * len(found)),
    ]
    for part in ("drivers", "switches"):
        for name in dict.fromkeys(name for one in found for name in one[part]):
            figures = [one[part].get(name, {}).get("all", {}).get(metric) for one in found for metric in metrics]
            cells = ["" if not f or f["value"] is None else f"{f['value']:+.3f} [{f['low']:+.3f}, {f['high']:+.3f}]" for f in figures]
            said = next((one["switch_settings"][name] for one in found if part == "switches" and name in one["switch_settings"]), None)
            told = f"driver {name}" if said is None else f"`{said['setting']}` {said['is']}, not {said['instead']}: {said['meaning']}"
            lines.append(f"| {told} | {' | '.join(cells)} |")
    return lines


def _truth_table(row: dict) -> list[str]:
    found = row["truth"]
    lines = [
        f"## {row['what']}",
        "",
        "| origins | learnt until | risers | average precision | Brier skill | called rises | cause in the top two |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {b['from']} to {b['until']} | {b['learnt_until']} | {b['base_rate']:.3f} | {b['average_precision']:.3f} | "
        f"{b['brier_skill']:.3f} | {b['called']} | {_share(b['in_top_two'], b['called'])} |"
        for b in found["blocks"]
    ]
    for definition, thresholds in found["counts"].items():
        for at_least, kinds in thresholds.items():
            lines += [
                "",
                f"Called from {at_least} on, {definition}:",
                "",
                "| kind | rises | called | cause in the top two | on top | top two where it is not |",
                "|---|---|---|---|---|---|",
            ]
            for kind, count in kinds.items():
                instead = ", ".join(f"{n} {drivers}" for drivers, n in list(count["instead"].items())[:3])
                lines.append(
                    f"| {kind} | {count['rises']} | {count['called']} | {_share(count['in_top_two'], count['called'])} | "
                    f"{_share(count['top'], count['called'])} | {instead} |"
                )
    return lines


def _tuning_table(row: dict) -> list[str]:
    lines = [
        f"## {row['what']}",
        "",
        "| | average precision | Brier skill | precision@50 | ECE | epochs | seconds | processor seconds | learning parameters |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {m['mode']} | {m['average_precision']:.3f} | {m['brier_skill']:.3f} | {m['precision_at_50']:.3f} | {m['ece']:.3f} | "
        f"{m['epochs']} | {m['seconds']:.0f} | {m['processor_seconds']:.0f} | {m['learning_parameters']:,} |"
        for m in row["tuning"]
    ]
    lines += [
        line
        for m in row["tuning"]
        if "pieces" in m
        for line in (
            "",
            f"Pretraining: {m['pieces']} new word pieces; perplexity of texts held out {m['perplexity_before']:.1f} before, "
            f"{m['perplexity_after']:.1f} after.",
        )
    ]
    return lines


def _simulation_table(row: dict) -> list[str]:
    """The frontier: average stock of each policy where it achieves a fill rate; then what each point promised and achieved."""
    found = row["simulation"]
    rates = list(next(iter(found["policies"].values()))["stock_at"])
    lines = [
        f"## {row['what']}",
        "",
        f"{found['products']:,} products, {found['from']} to {found['until']}; "
        "average stock's value, in the shop's money, at an achieved fill rate of",
        "",
        f"| | {' | '.join(f'{float(rate):.0%}' for rate in rates)} |",
        "|---|" + "---|" * len(rates),
    ]
    lines += [f"| {p['title']} | {' | '.join(_money(p['stock_at'][rate]) for rate in rates)} |" for p in found["policies"].values()]
    lines += [
        "",
        f"Upswing's levels, target {found['target']}:",
        "",
        "| promised | fill rate | cycle service | stocks told to last | that did | stock | orders |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {p['knob']:.1%} | {p['fill_rate']:.1%} | {p['cycle_service']:.1%} | {_percent(p.get('told'))} | "
        f"{_percent(p.get('lasted'))} | {p['stock_value'] / 100:,.0f} | {p['orders']:,.0f} |"
        for p in found["policies"]["upswing"]["points"]
    ]
    return lines


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _money(cents: float | None) -> str:
    return "" if cents is None else f"{cents / 100:,.0f}"


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"
