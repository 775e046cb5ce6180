"""Plant known defects one at a time and record whether a test catches each.

    python tests/reference/plant.py                              every defect: its suspects, then the rest of the suite
    python tests/reference/plant.py --only ID ID --suspects-only
    python tests/reference/plant.py --suite tests/unit --out results.json
    python tests/reference/plant.py --check                      only check the records against the code

The records are in planted_defects.toml. Each defect goes into a fresh copy of the tracked files, so the repository stays as it is.
Tests that caught a defect then run once in a copy without one: a test that fails there too has caught nothing.
The exit status is 1 where a record does not fit the code, 2 for a wrong command; a defect that no test catches is a finding, not an error.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDS = Path("tests/reference/planted_defects.toml")
OWN_TEST = "tests/unit/test_planted_defects.py"  # it fails in every copy, since a planted record no longer fits the code
PYTEST = ("-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "-p", "no:randomly")
BROWSER_AREA, BROWSER_TESTS = "pages", "tests/e2e"  # a browser is slow: only defects of pages need it
CAUGHT, SURVIVED, UNSUSPECTED = "caught", "not caught", "not caught by its suspects"
TIMED_OUT, UNPROVEN = "timed out", "caught by a test that also fails without it"
LIMIT_S = 1800.0  # of one run of pytest


@dataclass(frozen=True)
class Defect:
    """One record of planted_defects.toml."""

    id: str
    area: str
    file: str
    find: str
    replace: str
    meaning: str
    suspects: tuple[str, ...]

    def plant(self, repository: Path) -> None:
        path = repository / self.file
        path.write_bytes(path.read_bytes().replace(self.find.encode(), self.replace.encode()))


@dataclass(frozen=True)
class Run:
    """One run of pytest. caught_by: the first test that failed, "" if none did."""

    caught_by: str
    wall_s: float
    cpu_s: float
    timed_out: bool


@dataclass(frozen=True)
class Result:
    """What became of one defect. Times are those of all its test runs, in seconds. suite: the rest that was to run after the suspects."""

    id: str
    area: str
    outcome: str
    caught_by: str
    by_suspects: bool
    wall_s: float
    cpu_s: float
    suite: tuple[str, ...]


def read(repository: Path = REPOSITORY) -> list[Defect]:
    """Return the defects in the order of the file."""
    records = tomllib.loads((repository / RECORDS).read_text(encoding="utf-8"))["defect"]
    return [Defect(**record | {"suspects": tuple(record["suspects"])}) for record in records]


def problems(defects: list[Defect], repository: Path = REPOSITORY) -> list[str]:
    """Return what does not fit the code, one sentence each; empty means that every defect can be planted."""
    found, ids = [], set()
    for d in defects:
        if d.id in ids:
            found.append(f"{d.id}: the id is used twice")
        ids.add(d.id)
        if d.find == d.replace:
            found.append(f"{d.id}: `replace` equals `find`")
        path = repository / d.file
        times = path.read_bytes().count(d.find.encode()) if path.is_file() else None
        if times != 1:
            found.append(f"{d.id}: there is no file {d.file}" if times is None else f"{d.id}: `find` occurs {times} times in {d.file}")
        if not d.suspects:
            found.append(f"{d.id}: no suspects")
        missing = [path for path in map(path_of, d.suspects) if not (repository / path).exists()]
        found += [f"{d.id}: there is no suspect {path}" for path in missing]
    return found


def path_of(test: str) -> str:
    """Return the file or folder of a suspect.

    >>> path_of("tests/unit/test_plan.py::test_a -k snooze")
    'tests/unit/test_plan.py'
    """
    return shlex.split(test)[0].partition("::")[0]


def calls(suspects: tuple[str, ...]) -> list[list[str]]:
    """Return pytest's arguments for the suspects, in their order. Neighbours without an option of their own share a call.

    >>> calls(("a.py", "b.py::test_c", "d.py -k 'e or f'"))
    [['a.py', 'b.py::test_c'], ['d.py', '-k', 'e or f']]
    """
    found, shared = [], False
    for words in map(shlex.split, suspects):
        if shared and len(words) == 1:
            found[-1] += words
        else:
            found.append(words)
        shared = len(words) == 1
    return found


def judge(defect: Defect, repository: Path, suite: list[str], suspects_only: bool) -> Result:
    """Plant one defect in a copy, run its suspects, and the rest of the suite where they pass."""
    known = {path_of(s) for s in defect.suspects if s == path_of(s)}  # whole files, which need not run again
    left_out = [OWN_TEST, *known] + ([BROWSER_TESTS] if defect.area != BROWSER_AREA else [])
    rest = [*suite, *(f"--ignore={path}" for path in left_out)]
    wanted = [(arguments, True) for arguments in calls(defect.suspects)] + ([] if suspects_only else [(rest, False)])
    wall = cpu = 0.0
    outcome, caught_by, by_suspects = UNSUSPECTED if suspects_only else SURVIVED, "", False
    with copied(repository) as place:
        defect.plant(place)
        for arguments, by_suspects in wanted:  # noqa: B007 - read after the loop
            run = run_tests(place, ["-x", *arguments])
            wall, cpu = wall + run.wall_s, cpu + run.cpu_s
            if run.caught_by or run.timed_out:
                outcome, caught_by = TIMED_OUT if run.timed_out else CAUGHT, run.caught_by
                break
    return Result(
        defect.id,
        defect.area,
        outcome,
        caught_by,
        by_suspects and outcome == CAUGHT,
        round(wall, 1),
        round(cpu, 1),
        () if suspects_only else tuple(suite),
    )


def unproven(results: list[Result], repository: Path) -> set[str]:
    """Return the tests that caught a defect and fail without one too."""
    tests = sorted({r.caught_by for r in results if r.outcome == CAUGHT})
    if not tests:
        return set()
    with copied(repository) as place:
        return set(tests) & set(failed(pytest(place, tests)[1]))


@contextmanager
def copied(repository: Path) -> Iterator[Path]:
    """A copy of the tracked files in a temporary folder, with links to the virtual environment and to ../shared where they exist."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        place = Path(folder) / "repository"
        for name in filter(None, listed.split("\0")):
            if (source := repository / name).is_file():  # a file that is deleted but not committed is still listed
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place / name)
        for link, target in ((place / ".venv", repository / ".venv"), (place.parent / "shared", repository.parent / "shared")):
            if target.exists():
                link.symlink_to(target.resolve())
        yield place


def run_tests(place: Path, arguments: list[str]) -> Run:
    """Run pytest in a copy and return the first test that failed."""
    code, output, wall, cpu = pytest(place, arguments)
    found = failed(output)
    if code not in (0, 1, 2, 5, None) or code in (1, 2) and not found:  # 5: no test has such a name; 2: a file cannot be imported
        raise SystemExit(f"pytest {shlex.join(arguments)} ended with {code}:\n{output[-3000:]}")
    return Run(found[0] if found else "", wall, cpu, timed_out=code is None)


def pytest(place: Path, arguments: list[str]) -> tuple[int | None, str, float, float]:
    """Run pytest: exit status (None = out of time), output, wall and CPU seconds."""
    python = place / ".venv" / "bin" / "python"
    command = [str(python) if python.exists() else sys.executable, *PYTEST, *arguments]
    began, late = time.monotonic(), threading.Event()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
        )

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(LIMIT_S, end)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)  # subprocess would not say how much CPU time this child took
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return None if late.is_set() else process.returncode, text, time.monotonic() - began, used.ru_utime + used.ru_stime


def failed(output: str) -> list[str]:
    """Return the tests that pytest's summary names as failed.

    >>> failed("FAILED tests/a.py::test_b[1 2] - assert 1 == 2\\nERROR tests/c.py\\n1 failed in 0.1s")
    ['tests/a.py::test_b[1 2]', 'tests/c.py']
    """
    lines = [line.partition(" ") for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return [rest.partition(" - ")[0].strip() for _, _, rest in lines if rest.startswith("tests/")]


def row(result: Result) -> str:
    by = result.caught_by or "-"
    rest = "" if result.by_suspects or not result.caught_by else "  (not a suspect)"
    return f"{result.id:34} {result.outcome:12} {result.wall_s:7.1f} s {result.cpu_s:7.1f} s CPU  {by}{rest}"


def summary(results: list[Result]) -> str:
    """Return caught and planted defects by area, and the sums."""
    areas = dict.fromkeys(r.area for r in results)
    lines = [
        f"{area:12} {sum(r.outcome == CAUGHT for r in of):3} of {len(of):3} caught"
        for area in areas
        if (of := [r for r in results if r.area == area])
    ]
    total = f"{sum(r.outcome == CAUGHT for r in results):3} of {len(results):3} caught"
    return "\n".join([*lines, f"{'all':12} {total}, {sum(r.wall_s for r in results):.0f} s, {sum(r.cpu_s for r in results):.0f} s CPU"])


def write(out: Path, results: list[Result], defects: list[Defect], repository: Path) -> None:
    """Write the results; those of defects that did not run this time stay as the file has them."""
    known = {r["id"]: r for r in json.loads(out.read_text(encoding="utf-8"))["results"]} if out.exists() else {}
    known |= {r.id: asdict(r) for r in results}
    ordered = [known[d.id] for d in defects if d.id in known]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True).stdout.strip()
    every = [Result(**{f.name: r[f.name] for f in fields(Result)}) for r in ordered]
    facts = {
        "commit": commit,
        "planted": len(every),
        "caught": sum(r.outcome == CAUGHT for r in every),
        "not_caught": [r.id for r in every if r.outcome != CAUGHT],
        "wall_s": round(sum(r.wall_s for r in every), 1),
        "cpu_s": round(sum(r.cpu_s for r in every), 1),
        "results": ordered,
    }
    out.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="ID", help="plant these defects only")
    parser.add_argument("--suite", nargs="+", metavar="TESTS", default=["tests"], help="the suite that runs where the suspects pass")
    parser.add_argument("--suspects-only", action="store_true", help="leave out the rest of the suite")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="defects planted at the same time")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the results; a file that exists is updated")
    parser.add_argument("--repository", type=Path, default=REPOSITORY, metavar="DIR", help="the repository to copy")
    parser.add_argument("--check", action="store_true", help="check the records and plant nothing")
    given = parser.parse_args()
    repository = given.repository.resolve()
    defects = read(repository)
    unknown = sorted(set(given.only or ()) - {d.id for d in defects})
    if unknown:
        parser.error(f"no defects {', '.join(unknown)}")
    found = problems(defects, repository)
    if found or given.check:
        print("\n".join(found) or f"{len(defects)} defects fit the code.")
        return 1 if found else 0

    chosen, results = [d for d in defects if not given.only or d.id in given.only], []
    with ThreadPoolExecutor(given.workers) as pool:
        for result in pool.map(lambda d: judge(d, repository, given.suite, given.suspects_only), chosen):
            print(row(result), flush=True)
            results.append(result)
            if given.out:
                write(given.out, results, defects, repository)
    worthless = unproven(results, repository)
    results = [Result(**asdict(r) | {"outcome": UNPROVEN}) if r.caught_by in worthless else r for r in results]
    if given.out:
        write(given.out, results, defects, repository)
    print(*(f"fails without a defect too: {test}" for test in sorted(worthless)), summary(results), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
