#!/usr/bin/env bash
# Set up what the tests need and run them: test.sh [check|test|all|rest|soak] [PYTEST ARGUMENT...]
#   check  the fastest tests; part of `make check`
#   test   everything but whole shops, real data and Spark; same as `make test`
#   all    everything but soak tests; same as `make test-all`
#   rest   what `all` runs and `test` does not; .ci/run calls it after `make test`
#   soak   long fuzzing, thousands of kills, hundreds of trainings: hours; same as `make soak`
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

suite=test
case ${1:-} in check | test | all | rest | soak) suite=$1 && shift ;; esac

find_chromium() { for name in ${CHROMIUM:-} chromium chromium-browser google-chrome; do command -v "$name" && return; done; return 1; }
# Playwright's driver, which talks to Chromium, is linked against it; minimal systems lack it.
has_libatomic() { [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) == *libatomic.so.1* ]]; }
has_cjk_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]; }

browser=() spark=()
if [ "$suite" = test ] || [ "$suite" = all ]; then
  find_chromium >/dev/null || browser+=(chromium)
  has_libatomic || browser+=(libatomic1)
  has_cjk_font || browser+=(fontconfig fonts-noto-cjk)
fi
if [ "$suite" = all ] || [ "$suite" = rest ]; then
  [ -e requirements-spark.txt ] && { command -v java >/dev/null || spark+=(default-jre-headless); }
fi
if [ ${#browser[@]} -gt 0 ] && ! can_install; then
  stop "the end-to-end tests drive Chromium and read Chinese pages; not found: ${browser[*]}" \
    "apt-get install ${browser[*]} (as root), or name a browser: CHROMIUM=/path/to/chromium make test"
fi
if [ ${#spark[@]} -gt 0 ] && ! can_install; then
  say "Spark tests are skipped: no Java here (apt-get install ${spark[*]})"
  spark=()
fi
if [ $((${#browser[@]} + ${#spark[@]})) -gt 0 ]; then
  install "${browser[@]}" "${spark[@]}" & installing=$!  # beside the Python packages, which keep one core busy
fi
scripts/environment.sh dev
wait ${installing:-}
if [ "$suite" = all ] || [ "$suite" = rest ]; then
  if [ -e requirements-spark.txt ] && command -v java >/dev/null; then
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-compile -r requirements-spark.txt -c requirements.txt
  fi
fi
CHROMIUM=$(find_chromium || true)
export CHROMIUM

case $suite in
  check) chosen=(-m "fast") ;;
  test) chosen=() ;;  # what pyproject.toml leaves out: whole shops, Spark, soak tests
  all) chosen=(-m "not soak") ;;
  rest) chosen=(-m "(whole or spark) and not soak") ;;
  soak) chosen=(-m soak) ;;
esac
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}  # of each process: threads that share a core wait for each other
# Two processes; a file's tests stay together, and so do all that share the launched server, the longest first (tests/conftest.py).
exec .venv/bin/python -m pytest -n "${WORKERS:-2}" --dist loadgroup --no-loadscope-reorder "${chosen[@]}" "$@"
