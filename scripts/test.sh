#!/usr/bin/env bash
# Sets up what the tests need and runs them all: test.sh [PYTEST ARGUMENT...]   (same as `make test`)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

find_chromium() { for name in ${CHROMIUM:-} chromium chromium-browser google-chrome; do command -v "$name" && return; done; return 1; }
# Playwright's driver, which talks to Chromium, is linked against it; minimal systems lack it.
has_libatomic() { [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) == *libatomic.so.1* ]]; }
has_cjk_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]; }

missing=()
find_chromium >/dev/null || missing+=(chromium)
has_libatomic || missing+=(libatomic1)
has_cjk_font || missing+=(fontconfig fonts-noto-cjk)
if [ ${#missing[@]} -gt 0 ]; then
  can_install || stop "the end-to-end tests drive Chromium and read Chinese pages; not found: ${missing[*]}" \
    "apt-get install ${missing[*]} (as root), or name a browser: CHROMIUM=/path/to/chromium make test"
  install "${missing[@]}" & installing=$!  # beside the Python packages, which keep one core busy
fi
scripts/environment.sh dev
wait ${installing:-}
CHROMIUM=$(find_chromium)
export CHROMIUM

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}  # of each process: threads that share a core wait for each other
# Two processes; a file's tests stay together, and so do all that share the launched server, the longest first (tests/conftest.py).
exec .venv/bin/python -m pytest -n "${WORKERS:-2}" --dist loadgroup --no-loadscope-reorder "$@"
