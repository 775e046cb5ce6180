"""Read a workbook in a process with limits on memory and time: python -m core.ingest.readers.workbook_process PATH NAME SHEET FOLDER.

Prints its sheets as JSON, or with exit status 2 the error for a person. Any other end is a workbook that no table needs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.errors import UserError
from core.ingest.readers.workbook import read_sheets

MEMORY_BYTES = 1300 << 20  # beside what the interpreter and Arrow map
CPU_SECONDS = 60


def main(path: str, name: str, sheet: str, folder: str) -> int:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheets = read_sheets(Path(path), name, sheet, Path(folder))
    except UserError as error:
        print(json.dumps({part: getattr(error, part).as_dict() for part in ("expected", "found", "to_do")}))
        return UserError.exit_code
    print(json.dumps([one.as_dict() for one in sheets]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
