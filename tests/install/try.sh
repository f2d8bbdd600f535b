#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# try.sh BUILD_DIR: installs that build into a scratch prefix, builds the program beside this script against it, runs it,
# and runs the installed `secateur`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --build "$1" --target secateur_shared secateur_cli >/dev/null
cmake --install "$1" --prefix "$scratch/prefix" >/dev/null
cmake -S "$here" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" >/dev/null
cmake --build "$scratch/build" >/dev/null
"$scratch/build/outside"
"$scratch/build/problem" "$here/../../examples/two-reactors"
"$scratch/prefix/bin/secateur" --version
