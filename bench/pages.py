"""Run time of every page's script with a published snapshot: python -m bench.pages OUT.json [RERUNS]

Streamlit's AppTest reruns each page in one process with warm caches. The time runs from the request for a rerun until the script has ended
and its elements have been read. It excludes drawing in the browser and the network.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
APP = REPOSITORY / "dashboard" / "app.py"


def measure(reruns: int) -> dict[str, list[float]]:
    """Return page -> seconds of each rerun, without the first two, which fill the caches."""
    from streamlit.testing.v1 import AppTest

    from dashboard import registry

    app = AppTest.from_file(str(APP), default_timeout=120)
    app.run()
    found = {}
    for name, page in registry.pages().items():
        app.switch_page(str(registry.script(page)))
        seconds = []
        for _ in range(reruns + 2):
            started = time.perf_counter()
            app.run()
            seconds.append(time.perf_counter() - started)
            if app.exception:
                raise SystemExit(f"{name} failed: {app.exception[0].message}")
        found[name] = seconds[2:]
    return found


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # outside a server Streamlit warns at every call
    out, reruns = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 25
    out.write_text(json.dumps(measure(reruns)), encoding="utf-8")
