#!/usr/bin/env bash
# Formats every C++ file of the project in place; with --check only says which would change, and fails if any.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -co --exclude-standard -- '*.h' '*.cpp' '*.inc' | xargs -r -d '\n' -n 40 -P "$(nproc)" clang-format "${mode[@]}"
