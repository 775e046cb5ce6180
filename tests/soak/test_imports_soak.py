"""Files of any content: an import accounts for each of their rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fixtures.importing import ORDER_LINES, import_adds_up
from hypothesis import HealthCheck, given, settings

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("EXAMPLES", 5000))
MUTATIONS = os.environ.get("MUTATIONS", "20000")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDER_LINES)
def test_thousands_of_files_of_any_order_lines_add_up(tmp_path_factory, lines):
    import_adds_up(tmp_path_factory.mktemp("lines"), lines)


def test_twenty_thousand_damaged_files_are_stored_asked_about_or_refused():
    command = [sys.executable, "-m", "pytest", "-q", "-m", "whole", "tests/integration/test_mutations.py"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | {"MUTATIONS": MUTATIONS}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:]
