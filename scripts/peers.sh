#!/usr/bin/env bash
# The peers (LiteRT, ONNX Runtime; for benchmarks TensorFlow and its toolkits) in a virtual environment.
#
#   scripts/peers.sh judges         install what tests/peers needs; where that fails, say so and go on: its tests are skipped
#   scripts/peers.sh all            install what bench/ needs as well (about 3 GB)
#   scripts/peers.sh run FILE ...   run a Python file with the peers; ends with 77 (skipped) where they are missing
#
# The environment is .venv-peers in the repository; PARE_PEERS names another one that exists already.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${PARE_PEERS:-$root/.venv-peers}

say() {
  echo "peers.sh: $1" >&2
}

# What is installed: the digest of a requirements file, as the name of an empty file in the environment.
stamp_of() {
  echo "$venv/.installed-$1-$(cat "$root"/scripts/peers*-requirements.txt | sha256sum | cut -c1-16)"
}

# Installs scripts/$1 into the environment, once for each version of the file.
install() {
  local list=$1
  if [[ -n ${PARE_PEERS:-} || -e $(stamp_of "$list") ]]; then
    return 0
  fi
  if ! command -v python3 > /dev/null; then
    say "python3 was not found; install python3 and python3-venv"
    return 1
  fi
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "found $(python3 --version); the pinned peers need 3.11 or newer"
    return 1
  fi
  if [[ ! -x $venv/bin/pip ]] && ! python3 -m venv "$venv"; then
    say "python3 cannot make a virtual environment in $venv; install python3-venv"
    return 1
  fi
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/scripts/$list"; then
    say "pip could not install scripts/$list; its package index must be reachable"
    return 1
  fi
  touch "$(stamp_of "$list")"
}

case ${1:-} in
  judges)
    install peers-requirements.txt || say "no peers: the tests that they judge will be skipped"
    ;;
  all)
    install peers-bench-requirements.txt
    [[ -n ${PARE_PEERS:-} ]] || touch "$(stamp_of peers-requirements.txt)"
    ;;
  run)
    shift
    if [[ $# -eq 0 ]]; then
      say "run needs a Python file"
      exit 2
    fi
    if [[ -z ${PARE_PEERS:-} && ! -e $(stamp_of peers-requirements.txt) ]]; then
      echo "skipped: no peers in $venv ('scripts/peers.sh judges' installs them)"
      exit 77
    fi
    exec "$venv/bin/python" "$@"
    ;;
  *)
    say "expected judges, all or run FILE, found '${1:-nothing}'"
    exit 2
    ;;
esac
