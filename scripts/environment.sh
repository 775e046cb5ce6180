#!/usr/bin/env bash
# Makes .venv with what the product needs, or with what its tests need as well: environment.sh [dev]
# A second call returns at once: a stamp holds the hash of the requirements that were installed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

case $(uname -s) in
  Linux | Darwin) ;;
  *) stop "Upswing runs on Linux, on macOS and on Windows under WSL; this is $(uname -s)" "open a WSL terminal (\`wsl --install\` sets it up) and start again there" ;;
esac

kind=${1:-run}
case $kind in
  run) requirements=requirements.txt ;;
  dev) requirements="requirements-dev.txt" ;;
  *) stop "environment.sh was called with '$kind'" "call it with 'run' or 'dev'" ;;
esac
log=.venv/pip.log

checksum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
# What is installed depends on these; the folder too, since an environment does not survive a move.
wanted=$(cat requirements.txt pyproject.toml <([ "$kind" = dev ] && cat requirements-bench.txt requirements-dev.txt) <(pwd) | checksum | cut -c1-16)
stamp=.venv/installed-$kind
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x .venv/bin/upswing ]; then exit 0; fi

needed_gib=1
if ! is_supported .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  needed_gib=4
  python=$(find_python) || stop "no Python 3.11, 3.12 or 3.13 on this machine (found: $(python3 --version 2>&1 || echo 'no python3 at all'))" \
    "install one (Debian: apt-get install python3 python3-venv), or name one: PYTHON=/path/to/python3.11 make demo"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$("$python" --version) has no venv module" "apt-get install python3-venv (on other systems: the package that brings 'venv')"
fi

free_kib=$(df -Pk . | awk 'NR == 2 {print $4}')
[ "$free_kib" -ge $((needed_gib * 1024 * 1024)) ] ||
  stop "only $((free_kib / 1024)) MiB free here; the Python packages need about $needed_gib GiB" "free some disk space, or clone to a larger disk"

if [ -n "${python:-}" ]; then
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv || stop "the environment could not be made" "see the message above"
fi

say "Installing $requirements into .venv (once; the first time it downloads a few hundred MB)"
rm -f "$log"
# Nothing is compiled ahead: Python compiles what is used at its first use, and most of these packages' files never are.
pip() { .venv/bin/python -m pip --disable-pip-version-check --log "$log" install --no-compile "$@"; }
# An older pip takes twice as long to find out what fits together, but does as well.
pip pip==26.2.1 || say "Going on with the pip that is there"
if ! { pip -r "$requirements" && pip --no-deps --editable .; }; then
  if grep -qi 'no space left on device' "$log"; then
    stop "the disk is full" "free a few GiB, then start again; what was downloaded is kept"
  elif grep -qiE 'name resolution|getaddrinfo|connection (refused|reset|broken|aborted)|NewConnectionError|ConnectTimeout|ReadTimeout|timed out|unreachable|ProxyError|SSLError' "$log"; then
    stop "the package index can't be reached (is there a network? a proxy?)" "get online, or point pip at your own index with PIP_INDEX_URL, then start again"
  elif grep -qiE 'no matching distribution|could not find a version' "$log"; then
    stop "a package of $requirements is not offered for this machine: $(grep -ioE 'no matching distribution.*' "$log" | tail -1)" \
      "use 64-bit Linux, macOS or WSL with Python 3.11 to 3.13, and a package index that has it"
  fi
  stop "pip failed (its messages stand above, all of them in $log)" "mend what it names, then start again"
fi
echo "$wanted" >"$stamp"
