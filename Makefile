# `make` prints the verbs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# More than cores: most tests wait for a server or a disk.
TEST_PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup run test check safeguards format services services-stop bench clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv with .venv/bin/footfall

$(STAMP): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Footfall needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## serve on http://127.0.0.1:3000, embedded, data in ./footfall-data
	$(BIN)/footfall up --data-dir ./footfall-data

test: setup ## run all tests; those that need a server use the one found
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES)

check: setup ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

safeguards: setup ## take each safeguard out of the code in turn: a test must notice
	$(BIN)/python -m tests.safeguards

format: setup ## format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

services: setup ## PostgreSQL and RabbitMQ for the tests (INSTALL=1: apt-get them, nginx and PgBouncer, where missing)
	INSTALL=$(INSTALL) $(BIN)/python -m tests.services start

services-stop: setup ## stop what `make services` started
	$(BIN)/python -m tests.services stop

bench: setup ## measure; prints the table of docs/benchmarks.md
	$(BIN)/python -m benchmarks

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
