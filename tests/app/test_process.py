"""The process that serves the pages stays small: no learning library is loaded, whatever page is looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
VISIT_ALL = """
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("dashboard/app.py", default_timeout=60).run()
for name in "overview rising inventory product compare segments why data model".split():
    at.switch_page(f"../pages/{name}.py").run()
    assert not at.exception and not at.error, name
print(sorted({"torch", "transformers", "shap"} & set(sys.modules)))
"""


def test_looking_at_every_page_loads_no_learning_library(readonly_shop):
    run = subprocess.run(
        [sys.executable, "-c", VISIT_ALL],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env=os.environ | {"UPSWING_WORKSPACE": str(readonly_shop.root)},
    )
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr[-2000:]
