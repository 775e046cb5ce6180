"""The shops that rows are measured on: their workspaces, and how they are made."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.measure import PYTHON, REPOSITORY, Failed, Run, run, upswing
from bench.subsample import subsample_panel

UCI_PRESET = "uci-online-retail"
UCI_FILE = Path("uci_online_retail_ii") / "online_retail_II.parquet"
JOURNEY_FILES = tuple(
    Path("complete_journey") / f"{name}.parquet"
    for name in ("transactions_sample_100k", "products", "promotions_sample_1949k", "demographics")
)
SAMPLE = REPOSITORY / "sample_data" / "files"


@dataclass(frozen=True)
class Bench:
    """The options of a run. data: folder of the real data; work: folder of workspaces; thin: keep one product in so many (1 = all)."""

    data: Path
    work: Path
    thin: int = 1
    batches: int = 200
    reruns: int = 25
    blocks: str = ""  # blocks of the backtests, "" = all
    switches: str = ""  # ablations of the rows that run them, "" = all

    def log(self, name: str) -> Path:
        return self.work / "logs" / f"{name}.log"

    @property
    def imported(self) -> Path:
        """The workspace after import, kept unchanged."""
        return self.work / "imported"

    @property
    def shop(self) -> Path:
        """The workspace of the rows on panel, training, publishing and pages."""
        return self.work / "shop"

    def chosen(self) -> list[str]:
        """Return the options that restrict a backtest to these blocks."""
        return ["--blocks", self.blocks] if self.blocks else []

    def source(self) -> Path:
        """Return the file to import: the whole one, or a smaller copy for a dry run."""
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
    """Make a workspace with its panel; on a dry run the panel keeps one product in so many."""
    workspace = bench.work / name
    shutil.rmtree(workspace, ignore_errors=True)
    upswing(workspace, bench.log(f"{name}-import"), "import", *words)
    upswing(workspace, bench.log(f"{name}-features"), "features")
    if bench.thin > 1:
        subsample_panel(workspace / "panel", bench.thin)
    return workspace


def taken(done: Run) -> dict[str, float]:
    return {"seconds": done.seconds, "peak_gib": done.peak_gib}


def need(path: Path, row: str) -> None:
    if not path.exists():
        raise Failed(f"this needs row `{row}` first: python -m bench {row} ...")


def filtered(source: Path, out: Path, thin: int = 1, days_cut: int = 0) -> Path:
    """Make a smaller copy in a separate process."""
    out.parent.mkdir(parents=True, exist_ok=True)
    run([PYTHON, "-m", "bench.subsample", source, out, thin, days_cut], out.with_suffix(".log"))
    return out
