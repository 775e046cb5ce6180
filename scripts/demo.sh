#!/usr/bin/env bash
# The sample shop, from its files to the dashboard: demo.sh   (same as `make demo`; PORT=8502 for another port)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

scripts/environment.sh run
exec .venv/bin/upswing demo --port "${PORT:-8501}" --workspace "${WORKSPACE:-workspace-demo}"
