#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formatting, the rooms' dependencies, and clang-tidy over the library and the program (left out with --fast).
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
.venv/bin/clang-format --dry-run -Werror "${sources[@]}"
echo "clang-format: ${#sources[@]} files"
python3 scripts/check_rooms.py
[ "${1:-}" != --fast ] || exit 0
[ -e build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release --target secateur_onnx_schema >/dev/null
mapfile -t units < <(git ls-files 'secateur/*.cpp' 'apps/*.cpp')
# The analyzer's deep mode takes as long again as everything else together.
shallow=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode=shallow)
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
# What it finds is said again at the end, where it is seen.
printf '%s\n' "${units[@]}" |
  xargs -P "$(nproc)" -n 3 .venv/bin/clang-tidy --quiet -p build/release --extra-arg=-Wno-unknown-warning-option "${shallow[@]}" 2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter' >&2) | tee "$findings" || {
  grep -E '(warning|error):' "$findings" | sort -u
  exit 1
}
echo "clang-tidy: ${#units[@]} files"
