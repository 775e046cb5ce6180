"""Flips bits of a snapshot and a model, opens them as Upswing does, and counts the flips that nobody noticed.

python tests/reference/bit_flips.py [--workspace DIR] [--flips 300] [--seed 1]

Every file is hit, each as often as the others; the bit is drawn. Every second flip keeps the file's times, as a failing disk does, and
is looked at as by a new process. Without a workspace a made-up snapshot and a small model are used; with one, copies of its served
snapshot and champion. A model's card.md is not read by Upswing, which writes the card anew from the verified files.
Ends with 1 where a flip was served unnoticed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from core.errors import UserError
from core.models import registry
from core.models.predict import FittedModel
from core.storage import files, snapshots
from core.storage.queries import Serving
from core.workspace import Workspace


@dataclass(frozen=True)
class Flip:
    file: str
    bit: int
    noticed: bool
    said: str


def flip_bits(folder: Path, open_: Callable[[], object], flips: int, seed: int = 1, without: tuple[str, ...] = ()) -> list[Flip]:
    """Flips one bit at a time in the files of a folder and opens it; every flip is taken back."""
    draw = random.Random(seed)
    chosen = [f for f in sorted(folder.iterdir()) if f.name not in without]
    found = []
    for number in range(flips):
        file = chosen[number % len(chosen)]
        content, times = file.read_bytes(), file.stat()
        bit = draw.randrange(8 * len(content))
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        if number // len(chosen) % 2:
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
            files.forget_hashes()
        try:
            open_()
        except UserError as error:
            found.append(Flip(file.name, bit, bool(error.to_do), str(error)))
        else:
            found.append(Flip(file.name, bit, False, ""))
        file.write_bytes(content)
    return found


def open_snapshot(workspace: Workspace) -> None:
    """As a page does."""
    served = snapshots.current(workspace)
    Serving(served.path).ask("meta")


def open_model(folder: Path) -> FittedModel:
    """As scoring does."""
    return FittedModel.load(folder)


def made_up(folder: Path) -> Workspace:
    """A workspace with a published snapshot and a model that learnt for one epoch."""
    from fixtures.tiny import tiny_encoder, tiny_panel
    from fixtures.tiny_snapshot import write_scored

    from core.models.candidate import train
    from core.models.panel import Panel

    workspace = Workspace(folder).create()
    write_scored(workspace)
    snapshots.publish(workspace)
    encoder = tiny_encoder(folder / "encoder")
    tiny_panel(workspace.panel, products=20)
    Panel.open(workspace.panel, workspace.cache)
    settings = (
        workspace.settings()
        .with_values("model", encoder=str(encoder), max_epochs=1)
        .with_values("recipe", trees_rounds=3, members=1, trees_members=1)
    )
    registry.promote(workspace, train(workspace, settings).model_id, "the first")
    return workspace


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.workspace:
            given = Workspace.at(asked.workspace)
            served, champion = snapshots.current(given), registry.champion(given)
            workspace = Workspace(Path(folder) / "shop").create()
            shutil.copytree(served.path, workspace.snapshots / served.id)
            shutil.copytree(given.models / champion, workspace.models / champion)
            shutil.copy2(given.current, workspace.current)
        else:
            workspace = made_up(Path(folder) / "shop")
            champion = registry.champion(workspace)
        model = workspace.models / champion
        open_snapshot(workspace), open_model(model)
        half = asked.flips // 2
        found = flip_bits(snapshots.current(workspace).path, lambda: open_snapshot(workspace), asked.flips - half, asked.seed)
        found += flip_bits(model, lambda: open_model(model), half, asked.seed, without=("card.md",))
        open_snapshot(workspace), open_model(model)
    flips, noticed = Counter(f.file for f in found), Counter(f.file for f in found if f.noticed)
    print(f"{'file':28} {'flips':>6} {'noticed':>8}")
    for name in sorted(flips):
        print(f"{name:28} {flips[name]:6} {noticed[name]:8}")
    print(f"{'all':28} {sum(flips.values()):6} {sum(noticed.values()):8}")
    return 0 if flips == noticed else 1


if __name__ == "__main__":
    sys.exit(main())
