#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS: each fuzzer starts from its committed corpus (for ONNX also every exporter's file among the fixtures)
# and runs for that long; a crash leaves its input under build/fuzz/ and fails. New inputs stay out of the committed
# corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
for target in onnx csv box vnnlib nnet learned checkpoint; do
  work=build/fuzz/work/$target
  corpus=(tests/fuzz/corpus/$target)
  [ $target != onnx ] || corpus+=(tests/fixtures/nn)
  mkdir -p "$work"
  echo "fuzz: $target for $1 s"
  ASAN_OPTIONS=allocator_may_return_null=1:detect_container_overflow=0 \
    build/fuzz/tests/fuzz/fuzz_$target -max_total_time="$1" -timeout=10 -rss_limit_mb=3000 -malloc_limit_mb=1000 \
    -max_len=16384 -print_final_stats=1 -artifact_prefix=build/fuzz/ "$work" "${corpus[@]}" \
    >"$work.log" 2>&1 || { tail -40 "$work.log" >&2; exit 1; }
  grep -E 'number_of_executed_units|new_units_added' "$work.log"
done
