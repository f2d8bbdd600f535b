# SPDX-License-Identifier: Apache-2.0
# Each target installs what it lacks (scripts/setup.sh: once), then does its job.
.PHONY: help build test demo bench bench-quick lint format sanitize sanitize-quick fuzz install clean
.DEFAULT_GOAL := help
SHELL := /bin/bash
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 40
# What sanitize-quick runs: where a bound could go wrong. The fuzzers cover the readers.
QUICK_ROOMS = lp graph bounds
# Compilers of this project's sources take up to 1 GiB each.
JOBS ?= $(shell nproc)

# $(call configure,PRESET): configures a preset once; CMake re-runs by itself when its files change.
configure = [ -e build/$(1)/build.ninja ] || cmake --preset $(1) > /dev/null

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

build:  ## the program at bin/secateur
	@scripts/setup.sh build test
	@$(call configure,release)
	@cmake --build --preset release --target secateur_cli -- -j $(JOBS)
	@mkdir -p bin && ln -sf ../build/release/bin/secateur bin/secateur

test: build  ## builds and runs every test
	@cmake --build --preset release -- -j $(JOBS)
	@ctest --preset release

demo: build  ## trains, prunes, solves and compares on the peaks function; report in out/demo/report.html
	@bin/secateur demo --out out/demo

bench: build  ## the full benchmarks; results in bench/results/
	@scripts/setup.sh bench
	@$(call configure,bench)
	@cmake --build --preset bench -- -j $(JOBS)
	@.venv/bin/python bench/run.py

bench-quick: build  ## the same in two minutes
	@scripts/setup.sh bench
	@$(call configure,bench)
	@cmake --build --preset bench -- -j $(JOBS)
	@.venv/bin/python bench/run.py --quick

lint:  ## formatting, the rooms' dependencies, clang-tidy
	@scripts/setup.sh build test lint
	@scripts/lint.sh

format:  ## formats every source in place
	@scripts/setup.sh lint
	@git ls-files '*.cpp' '*.hpp' | xargs .venv/bin/clang-format -i

sanitize: fuzz  ## fuzzes for a bounded time, then runs the tests under address, undefined and thread sanitizers
	@$(call configure,tsan)
	@cmake --build --preset tsan --target tsan_tests -- -j $(JOBS)
	@ctest --preset tsan -L threads
	@$(call configure,asan)
	@cmake --build --preset asan --target asan_tests -- -j $(JOBS)
	@ctest --preset asan -LE whole

sanitize-quick:  ## fuzzes for 10 s each, then runs the tests of lp, graph and bounds under address and undefined sanitizers
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=10
	@$(call configure,asan)
	@cmake --build --preset asan --target $(QUICK_ROOMS:%=test_unit_%) -- -j $(JOBS)
	@ctest --preset asan -R '^unit/($(subst $() ,|,$(QUICK_ROOMS)))\.'

fuzz:  ## fuzzes the readers of ONNX, CSV, boxes, VNNLIB, .nnet, --learned and checkpoints for FUZZ_SECONDS each, under address and undefined sanitizers
	@scripts/setup.sh build test fuzz
	@$(call configure,fuzz)
	@cmake --build --preset fuzz --target fuzzers -- -j $(JOBS)
	@scripts/fuzz.sh $(FUZZ_SECONDS)

install: build  ## program, library and CMake package under PREFIX (default /usr/local)
	@cmake --build --preset release --target secateur_shared -- -j $(JOBS)
	@cmake --install build/release --prefix "$(PREFIX)"

clean:  ## removes what was built
	@rm -rf build bin out
