# The doors to this project. Each does all of its own set-up, and asks for root only where a package of Debian is missing.
#
#   make demo     builds the binary and shows it at work on a real HAProxy
#   make test     everything that must hold; what CI runs
#   make check    its quick part: format, lints, and that nothing heavy is compiled twice
#   make build    the binary alone; `make install` puts it into $(PREFIX)/bin
#   make docs     writes what is generated: docs/tools.md, docs/wit.md, the README's table, the catalogue's snapshots
#   make bench    measures, and writes docs/benchmarks.md
#   make deny     licences, sources and known holes of what we depend on (needs cargo-deny)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

# Everything that is downloaded or compiled lies here and outlives a checkout.
export HAPROXY_MCP_CACHE ?= $(HOME)/.cache/haproxy-mcp
export CARGO_TARGET_DIR ?= $(HAPROXY_MCP_CACHE)/target
PREFIX ?= $(HOME)/.local

binary := $(CARGO_TARGET_DIR)/release/haproxy-mcp
python := $(HAPROXY_MCP_CACHE)/python/bin/python
# Modules are compiled for WebAssembly, and their parsers also for this machine: apart from the host, as its build does.
guests := env CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/guest-tools
hostile := env CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/test-guests

step = @printf '\n[%(%H:%M:%S)T] %s\n' -1 '$(1)'

.DEFAULT_GOAL := help
.PHONY: help
help:
	@sed -n '/^#   make/s/^#   //p' Makefile

# -- what is needed --

.PHONY: toolchain
toolchain:
	@tests/support/get-toolchain

.PHONY: haproxy
haproxy:
	$(call step,HAProxy in the four versions that everything is tested on)
	@tests/support/get-haproxy all

# The independent MCP client of the end-to-end tests.
.PHONY: python
python:
	@tests/support/get-python

# -- the binary --

.PHONY: build
build: toolchain
	$(call step,the binary)
	cargo build --release --locked -p haproxy-mcp -p haproxy-mcp-testkit --bin haproxy-mcp --example demo
	@ls -lh $(binary) | awk '{ print "built: " $$9 " (" $$5 ")" }'

.PHONY: install
install: build
	install -D $(binary) $(PREFIX)/bin/haproxy-mcp
	@echo 'installed: $(PREFIX)/bin/haproxy-mcp'

.PHONY: demo
demo: build
	@tests/demo/run $(binary)

# -- what must hold --

.PHONY: check
check: toolchain check-format check-lints check-units

.PHONY: check-format
check-format:
	$(call step,format)
	cargo fmt --all --check
	cd guest-tools && cargo fmt --all --check
	cd tests/guests && cargo fmt --all --check
	cd tests/tokens && cargo fmt --all --check

.PHONY: check-lints
check-lints:
	$(call step,lints)
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd guest-tools && $(guests) cargo clippy --locked --workspace --target wasm32-unknown-unknown -- -D warnings
	cd tests/guests && $(hostile) cargo clippy --locked --workspace --target wasm32-wasip2 -- -D warnings
	cd tests/tokens && env CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/test-tokens cargo clippy --locked -- -D warnings

# wasmtime is a dependency of the binary and of the build script that compiles the modules ahead of time. Where their
# features or profiles differ, cargo compiles it twice, which costs minutes and says nothing.
.PHONY: check-units
check-units: python
	$(call step,nothing heavy is compiled twice)
	@RUSTC_BOOTSTRAP=1 cargo build --release --locked -Z unstable-options --unit-graph | $(python) tests/check-units.py
	@RUSTC_BOOTSTRAP=1 cargo test --no-run --locked --workspace -Z unstable-options --unit-graph | $(python) tests/check-units.py

# The one file is all that is shipped: alone in an empty folder, with an empty environment, it must serve.
.PHONY: test-alone
test-alone: build python
	$(call step,the binary by itself)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp $(binary) "$$folder" && cd "$$folder" && \
	  env -i $(python) -I $(CURDIR)/tests/e2e/client.py list ./haproxy-mcp

.PHONY: test
test: toolchain haproxy python check test-alone
	$(call step,the tests)
	@tests/all

# -- what is generated --

# From the catalogue and the contract; the same tests compare it everywhere else.
.PHONY: docs
docs: toolchain haproxy
	$(call step,what is generated)
	HAPROXY_MCP_WRITE_GENERATED=1 cargo test --quiet --locked -p haproxy-mcp --test catalogue committed::each
	HAPROXY_MCP_WRITE_GENERATED=1 cargo test --quiet --locked -p haproxy-mcp --test e2e matrix::
	HAPROXY_MCP_WRITE_GENERATED=1 cargo test --quiet --locked -p haproxy-mcp --test changes every::every_change
	HAPROXY_MCP_WRITE_GENERATED=1 cargo test --quiet --locked -p haproxy-mcp --test docs
	@git status --short docs README.md tests/catalogue

# -- what it costs --

.PHONY: bench
bench: build haproxy python
	$(call step,measuring)
	BENCH_PYTHON=$(python) cargo bench --locked -p haproxy-mcp --bench bench

.PHONY: deny
deny: toolchain
	@command -v cargo-deny > /dev/null || { echo 'cargo-deny is missing: `cargo install --locked cargo-deny` (takes some minutes)' >&2; exit 1; }
	cargo deny --workspace check
	cd guest-tools && cargo deny --workspace --config ../deny.toml check
