#!/usr/bin/env bash
# Installs what building and testing Pare needs from the system's packages (Debian 12 and later, Ubuntu 22.04 and later).
# Quick and silent when everything is there. Needs root or sudo; otherwise prints the command that someone must run.
set -euo pipefail

# One a line; where the name differs between systems, the alternatives in the order of preference.
packages=(
  cmake ninja-build g++ pkg-config ccache clang-format python3 python3-venv
  libdnnl-dev libexpected-dev libfmt-dev
  libflatbuffers-dev flatbuffers-compiler
  libhdf5-dev libzip-dev zlib1g-dev liblzma-dev libarchive-dev
  "libjpeg-dev|libjpeg62-turbo-dev|libjpeg-turbo8-dev" libpng-dev
  libsndfile1-dev libkissfft-dev libeigen3-dev
  libcli11-dev nlohmann-json3-dev libtomlplusplus-dev
  libgtest-dev libgmock-dev
)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "This is neither Debian nor Ubuntu: install the counterparts of these packages yourself: ${packages[*]}" >&2
  exit 0  # CMake names whatever is really missing
fi

installed=$(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" { print $2 }')
missing=()
for choice in "${packages[@]}"; do
  grep --quiet --line-regexp --extended-regexp "${choice//+/\\+}" <<<"$installed" || missing+=("${choice%%|*}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  as_root=(sudo env)
else
  {
    echo "These packages are missing: ${missing[*]}"
    echo "Installing them needs root. Ask someone to run:"
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  } >&2
  exit 1
fi

echo "Installing ${missing[*]}"
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
