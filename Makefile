# SPDX-License-Identifier: Apache-2.0
# Each target installs what it lacks (scripts/setup.sh: once), then does its job.
.PHONY: build test demo bench bench-quick lint format sanitize fuzz install clean help
.DEFAULT_GOAL := help
SHELL := /bin/bash
BUILD := build/release
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

build:  ## the program at bin/secateur
	@scripts/setup.sh build test
	@[ -e $(BUILD)/build.ninja ] || cmake --preset release > /dev/null
	@cmake --build --preset release --target secateur_cli
	@mkdir -p bin && ln -sf ../$(BUILD)/bin/secateur bin/secateur

test:  ## everything is built and tested
	@scripts/setup.sh build test
	@[ -e $(BUILD)/build.ninja ] || cmake --preset release > /dev/null
	@cmake --build --preset release
	@mkdir -p bin && ln -sf ../$(BUILD)/bin/secateur bin/secateur
	@ctest --preset release

demo: build  ## train, prune, solve, compare on the peaks function; report in out/demo/report.html
	@bin/secateur demo --out out/demo
