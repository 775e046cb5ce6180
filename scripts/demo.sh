#!/usr/bin/env bash
# The sample shop, from its files to the dashboard: demo.sh   (same as `make demo`; PORT=8502 for another port)
# What is finished is kept: a second call serves at once.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

port=${PORT:-8501}
workspace=${WORKSPACE:-workspace-demo}

case $port in '' | *[!0-9]*) stop "PORT is '$port'" "give a number, e.g. make demo PORT=8502" ;; esac
# Asked before the long work, not after it.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  stop "port $port of this machine is taken (an Upswing that runs already? open http://127.0.0.1:$port)" \
    "end what uses it, or choose another one: make demo PORT=$((port + 1))"
fi

scripts/environment.sh run
if [ ! -e "$workspace/CURRENT" ]; then
  say "Building $workspace from sample_data/files (once, a few minutes)"
  .venv/bin/upswing import sample_data/files/* --workspace "$workspace"
  .venv/bin/upswing run --workspace "$workspace"
fi
exec .venv/bin/upswing serve --workspace "$workspace" --port "$port"
