#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks (`make bench`, `make bench-quick`); each writes its table to bench/results/ and prints it."""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
for script in sorted(here.glob("*/race.py")):
    print(f"== {script.relative_to(here.parent)}", flush=True)
    subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=True)
