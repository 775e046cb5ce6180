"""python -m bench [ROW ...]: measures the rows, all of them by default, and writes bench/results.

`python -m bench trainings --runs 200` counts crashes of trainings instead (bench/trainings.py), and `python -m bench against COMMIT`
times imports by this code and by an earlier commit (bench/against.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import against, results, trainings
from bench.measure import REPOSITORY, Failed, machine, say, stamp
from bench.rows import ROWS, Bench

RESULTS = REPOSITORY / "bench" / "results"


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    if given[:1] == ["trainings"]:
        return trainings.main(given[1:])
    if given[:1] == ["against"]:
        return against.main(given[1:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of: {', '.join(ROWS)}")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder of the real data")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "bench", help="folder of workspaces, kept between rows")
    parser.add_argument("--thin", type=int, default=1, metavar="N", help="dry run on one product in N; its results stay in the work folder")
    parser.add_argument("--batches", type=int, default=200, help="batches of each side of row tuned_epoch")
    parser.add_argument("--blocks", default="", metavar="1,3", help="only these blocks of the backtests in blocks (default: all)")
    parser.add_argument(
        "--switches", default="", metavar="A,B", help="only these ablations (default: all; see core/evaluation/backtest/ablations.py)"
    )
    parser.add_argument("--report", action="store_true", help="only write README.md again from the recorded results; measure nothing")
    a = parser.parse_args(given)
    unknown = [row for row in a.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    folder = RESULTS if a.thin == 1 else a.work / "results"
    bench = Bench(a.data.resolve(), a.work.resolve(), a.thin, a.batches, blocks=a.blocks, switches=a.switches)
    failed = []
    for name in [] if a.report else [row for row in ROWS if row in (a.rows or ROWS)]:
        measure, file = ROWS[name]
        say(f"{name}")
        when = stamp()
        try:
            result = measure(bench)
        except Failed as error:
            say(f"  FAILED: {error}")
            failed.append(name)
            continue
        results.write(folder, file, result, machine(), when)
        for limit in result.limits:
            found = result.figures.get(limit.figure)
            say(
                f"  {limit.figure}: {'not measured' if found is None else results.shown(found, limit.unit)} ({limit.text()}) "
                f"{'met' if limit.passes(result.figures) else 'MISSED'}"
            )
    text = results.readme(
        folder, list(ROWS), "" if a.thin == 1 else f"A dry run on one product in {a.thin}, to which the limits do not apply."
    )
    say(f"wrote {folder}")
    print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
