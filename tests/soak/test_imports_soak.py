"""Files of any content: an import accounts for each of their rows."""

from __future__ import annotations

import os

from fixtures.importing import ORDER_LINES, import_adds_up
from hypothesis import HealthCheck, given, settings

EXAMPLES = int(os.environ.get("EXAMPLES", 5000))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDER_LINES)
def test_thousands_of_files_of_any_order_lines_add_up(tmp_path_factory, lines):
    import_adds_up(tmp_path_factory.mktemp("lines"), lines)
