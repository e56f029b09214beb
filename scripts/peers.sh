#!/usr/bin/env bash
# The peers (LiteRT, ONNX Runtime; for benchmarks TensorFlow and its toolkits) in a virtual environment.
#
#   scripts/peers.sh judge          install what tests/peers needs
#   scripts/peers.sh bench          install what bench/ needs as well (about 3 GB)
#   scripts/peers.sh run FILE ...   run a Python file with the peers; ends with 77 (skipped) where they are missing
#
# The environment is .venv-peers in the repository; PARE_PEERS names another one that exists already.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${PARE_PEERS:-$root/.venv-peers}

fail() {
  echo "peers.sh: $1" >&2
  exit 1
}

# Creates the environment and installs a requirements file, once for each of its versions.
install() {
  local list=$root/scripts/$1 stamp
  stamp=$venv/.installed-$(cat "$root"/scripts/peers*-requirements.txt | sha256sum | cut -c1-16)-$1
  if [[ -e $stamp ]]; then
    echo "peers are installed in $venv"
    return
  fi
  [[ -z ${PARE_PEERS:-} ]] || fail "PARE_PEERS is set, so $venv is not changed; unset it to install into $root/.venv-peers"
  command -v python3 > /dev/null || fail "python3 was not found; install python3 and python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is $(python3 --version); the pinned peers need 3.11 or newer"
  if [[ ! -x $venv/bin/python ]]; then
    python3 -m venv "$venv" || fail "python3 cannot make a virtual environment; install python3-venv"
  fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list" ||
    fail "pip could not install $list; the package index must be reachable"
  touch "$stamp"
  echo "peers are installed in $venv"
}

case ${1:-} in
  judge) install peers-requirements.txt ;;
  bench) install peers-bench-requirements.txt ;;
  run)
    shift
    [[ $# -gt 0 ]] || fail "run needs a Python file"
    if [[ ! -x $venv/bin/python ]]; then
      echo "skipped: no peers in $venv (scripts/peers.sh judge, or make peers, installs them)"
      exit 77
    fi
    exec "$venv/bin/python" "$@"
    ;;
  *) fail "expected judge, bench or run FILE, found '${1:-nothing}'" ;;
esac
