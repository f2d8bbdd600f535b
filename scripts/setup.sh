#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the named groups need (build, test, lint, fuzz, bench), once: Debian packages from apt-GROUP.txt and
# Python packages from requirements-GROUP.txt into .venv. A stamp per group makes the next call return at once.
set -euo pipefail
cd "$(dirname "$0")/.."
here=scripts
stamps=.venv/.setup

fresh() {  # is the group's stamp newer than everything that defines the group?
  local stamp=$stamps/$1 source
  [ -e "$stamp" ] || return 1
  for source in "$here/setup.sh" "$here/apt-$1.txt" "$here/requirements-$1.txt"; do
    if [ -e "$source" ] && [ "$source" -nt "$stamp" ]; then return 1; fi
  done
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    # A tool that is already on the PATH serves as well as Debian's package of it.
    case $package in
      cmake) command -v cmake >/dev/null && continue ;;
      ninja-build) command -v ninja >/dev/null && continue ;;
      python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && continue ;;
      python3 | make | g++ | ccache) command -v "$package" >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local run=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      run=(sudo)
    else
      echo "setup: these Debian packages are missing and neither root nor sudo is available to install them:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      exit 2
    fi
  fi
  echo "setup: installing ${missing[*]}" >&2
  local log; log=$(mktemp)
  if ! { "${run[@]}" apt-get update -q && \
         "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
       >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"; exit 1
  fi
  rm -f "$log"
}

for group in "$@"; do
  fresh "$group" && continue
  if [ -e "$here/apt-$group.txt" ]; then
    mapfile -t packages <"$here/apt-$group.txt"
    install_packages "${packages[@]}"
  fi
  if [ ! -x .venv/bin/pip ]; then
    install_packages python3 python3-venv
    python3 -m venv .venv
  fi
  if [ -e "$here/requirements-$group.txt" ]; then
    echo "setup: Python packages of group '$group' into .venv" >&2
    .venv/bin/pip install -q --disable-pip-version-check -r "$here/requirements-$group.txt"
  fi
  mkdir -p $stamps
  touch "$stamps/$group"
done
