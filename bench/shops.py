"""The shops that the rows are measured on: where their workspaces are, and how they are made."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.measure import PYTHON, REPOSITORY, Failed, Run, run, upswing
from bench.subsample import thin_panel

UCI_PRESET = "uci-online-retail"
UCI_FILE = Path("uci_online_retail_ii") / "online_retail_II.parquet"
JOURNEY_FILES = tuple(
    Path("complete_journey") / f"{name}.parquet"
    for name in ("transactions_sample_100k", "products", "promotions_sample_1949k", "demographics")
)
SAMPLE = REPOSITORY / "sample_data" / "files"


@dataclass(frozen=True)
class Bench:
    """data: folder of the real data. work: where workspaces are made. thin: keep one product in so many (1 = all of them)."""

    data: Path
    work: Path
    thin: int = 1
    batches: int = 200
    reruns: int = 25
    blocks: str = ""  # of the backtests, "" = all
    switches: str = ""  # of the rows that flip them, "" = all

    def log(self, name: str) -> Path:
        return self.work / "logs" / f"{name}.log"

    @property
    def imported(self) -> Path:
        """A workspace after import, kept as it is."""
        return self.work / "imported"

    @property
    def shop(self) -> Path:
        """The workspace that panel, training, publishing and pages are measured on."""
        return self.work / "shop"

    def chosen(self) -> list[str]:
        """The options of a backtest that take only these blocks."""
        return ["--blocks", self.blocks] if self.blocks else []

    def source(self) -> Path:
        """The file to import: the whole one, or a thinned copy for a dry run."""
        whole = self.data / UCI_FILE
        if not whole.exists():
            raise Failed(f"no {whole}; name the folder of the real data with --data")
        return whole if self.thin == 1 else filtered(whole, self.work / f"thin-{self.thin}.parquet", thin=self.thin)


def uci(bench: Bench) -> Path:
    need(bench.shop / "panel" / "panel.json", "panel")
    return bench.shop


def journey(bench: Bench) -> Path:
    files = [bench.data / file for file in JOURNEY_FILES]
    if missing := [file for file in files if not file.exists()]:
        raise Failed(f"no {missing[0]}; name the folder of the real data with --data")
    return _made(bench, "journey", *files, "--preset", "complete-journey")


def sample(bench: Bench) -> Path:
    return _made(bench, "sample", *sorted(SAMPLE.iterdir()))


def _made(bench: Bench, name: str, *words: str | Path) -> Path:
    """A workspace imported and with its panel, made anew; on a dry run the panel keeps one product in so many."""
    workspace = bench.work / name
    shutil.rmtree(workspace, ignore_errors=True)
    upswing(workspace, bench.log(f"{name}-import"), "import", *words)
    upswing(workspace, bench.log(f"{name}-features"), "features")
    if bench.thin > 1:
        thin_panel(workspace / "panel", bench.thin)
    return workspace


def taken(done: Run) -> dict[str, float]:
    return {"seconds": done.seconds, "peak_gib": done.peak_gib}


def need(path: Path, row: str) -> None:
    if not path.exists():
        raise Failed(f"this needs row `{row}` first: python -m bench {row} ...")


def filtered(source: Path, out: Path, thin: int = 1, days_cut: int = 0) -> Path:
    """A smaller copy, made in a process of its own."""
    out.parent.mkdir(parents=True, exist_ok=True)
    run([PYTHON, "-m", "bench.thin", source, out, thin, days_cut], out.with_suffix(".log"))
    return out
