"""Compile the dashboard's own components, dashboard/components/*/*.ts, into the .js beside them: `make frontend` (needs Node.js).

The compiled files are committed, since the machines that serve Upswing have no compiler. Each begins with the SHA-256 of its source
and of the lines below, by which tests/unit/test_frontend.py finds one that is out of date or was changed by hand.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SOURCES = sorted((REPOSITORY / "dashboard" / "components").glob("*/*.ts"))
TOOLS = Path(__file__).with_suffix("")


def heading(source: str, compiled: str) -> str:
    """Return the first line of a compiled file."""
    of_source, of_compiled = (hashlib.sha256(text.encode()).hexdigest() for text in (source, compiled))
    return f"// Compiled by `make frontend` from source {of_source} to {of_compiled}.\n"


def compile_all() -> None:
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=TOOLS, check=True)
    subprocess.run(["npx", "tsc", "--project", "tsconfig.json"], cwd=TOOLS, check=True)
    for source in SOURCES:
        file = source.with_suffix(".js")
        compiled = file.read_text(encoding="utf-8")
        file.write_text(heading(source.read_text(encoding="utf-8"), compiled) + compiled, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    compile_all()
