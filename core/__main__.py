"""`python -m core` is the console script `upswing`."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run this process's command line and end the process with its exit code.

    Other threads are waited for, exit handlers run, and logs and streams are flushed. Only the interpreter's own teardown is left out:
    there DuckDB's binding prints some forty lines to standard error about objects that other libraries keep alive.
    """
    code = 1  # of an exception that nobody catches

    def end() -> None:
        logging.shutdown()
        sys.stdout.flush()  # where this fails, the interpreter reports it as always
        sys.stderr.flush()
        os._exit(code)

    atexit.register(end)  # the first that is registered is called last, so before any import
    from core.cli import main

    code = main()
    raise SystemExit(code)


if __name__ == "__main__":
    run()
