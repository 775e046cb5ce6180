# shellcheck shell=bash
# Sourced by the scripts beside it: the repository as working folder, and two ways to speak.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# The environment is made without compiling ahead (environment.sh), so what Python compiles at first use has to stay,
# also where an image says otherwise: a later start takes half as long.
export PYTHONDONTWRITEBYTECODE=

say() { printf '%s\n' "$*" >&2; }

# stop WHAT TO_DO: says what is missing and what to do about it, then ends with 2 as `upswing` does on bad input.
stop() {
  say "Can't go on: $1"
  say "To do: $2"
  exit 2
}

# Debian's package manager, and the right to use it?
can_install() { command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; }

# install PACKAGE...: Debian packages; only after can_install.
install() {
  say "Installing system packages: $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null ||
    stop "apt-get could not install $* (its reason stands above)" "check the network and the package sources, then start again"
}

# is_supported PYTHON: is it one of the versions that every pinned package has a wheel for (core/shipped.py)?
is_supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

# find_python: the name of a supported Python, $PYTHON first.
find_python() { for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do is_supported "$name" && echo "$name" && return; done; return 1; }
