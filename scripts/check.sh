#!/usr/bin/env bash
# What to run before each commit, in under 90 seconds: check.sh   (same as `make check`)
# Lint, format, types, and the fastest tests: those that neither train, nor build features, nor draw pages.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

fastest=(
  tests/unit/test_architecture.py
  tests/unit/test_cli.py
  tests/unit/test_documentation.py
  tests/unit/test_log.py
  tests/unit/test_wheel.py
)
scripts/environment.sh dev
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy & types=$!  # beside the tests, which keep one core busy
.venv/bin/python -m pytest "${fastest[@]}"
wait "$types"
