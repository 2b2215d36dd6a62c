# `make` prints the verbs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# More than cores: most tests wait for a server or a disk.
TEST_PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup runtime python run keys test losses check safeguards fuzz format services services-stop cluster bare debian13 pictures bench bench-check clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: python ## create .venv with what runs, and what tests and checks
	@$(PYTHON) requirements/install.py dev $(if $(filter 1,$(PEERS)),peers)

runtime: python
	@$(PYTHON) requirements/install.py

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Footfall needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }

run: runtime ## serve on http://127.0.0.1:3000, embedded, data in ./footfall-data
	@$(BIN)/footfall up --data-dir ./footfall-data

keys: python ## make keys for docker compose in .env; those that are there stay
	@$(PYTHON) deploy/keys.py

# With AGAIN=1 a few that failed beside others are run once more alone: pytest's 1 is that tests failed.
test: setup ## run the tests; those that need a server use the one found
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) $(if $(TESTS),$(TESTS),-m "not machines") || \
		{ found=$$?; [ $$found = 1 ] && [ "$(AGAIN)" ] && $(BIN)/python -m tests.again; }

losses: setup ## the tests that take a cluster of three nodes, or a primary and its standby, apart (half an hour)
	$(BIN)/python -m pytest -m machines

check: setup ## lint, types, import contracts, and those of the dashboard's modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.dashboard.checks

safeguards: setup ## take each safeguard out of the code in turn: a test must notice
	$(BIN)/python -m tests.safeguards

# For each target.
SECONDS ?= 60

fuzz: setup ## give hostile bytes to every decoder (SECONDS=60 each; FUZZ="multi_body moment": only these)
	$(BIN)/python -m tests.fuzz $(FUZZ) --seconds $(SECONDS)

format: setup ## format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

services: setup ## PostgreSQL and RabbitMQ for the tests (INSTALL=1: apt-get them and what else tests start, where missing)
	INSTALL=$(INSTALL) PEERS=$(PEERS) $(BIN)/python -m tests.services start

services-stop: setup ## stop what `make services` started
	$(BIN)/python -m tests.services stop

cluster: setup ## three RabbitMQ nodes, PostgreSQL with a standby, the roles behind nginx; Ctrl-C ends it (CLUSTER=--help)
	@$(BIN)/python -m tests.cluster $(CLUSTER)

bare: ## the two commands of README in minimal roots of Debian 12 and 13 (as root; BARE=--keep ...)
	deploy/bare.sh $(BARE)

debian13: ## all tests against RabbitMQ 4 and PostgreSQL 17, in a root of Debian 13 (as root)
	deploy/bare.sh --servers $(BARE) trixie

pictures: setup ## the pictures of README: a service with invented views in Chromium (docs/pictures/)
	$(BIN)/python -m tests.dashboard.pictures

# BENCH names some, RUNS says how often, SAVE=1 keeps the ratios, PEERS=1 measures other designs too.
bench: setup ## measure, with 0.2.0 beside; prints the tables of docs/benchmarks.md (BENCH, RUNS, SAVE=1, PEERS=1)
	PEERS=$(PEERS) $(BIN)/python -m benchmarks $(BENCH) $(if $(filter 1,$(SAVE)),--save) $(if $(RUNS),--runs $(RUNS))

bench-check: setup ## fail where a ratio fell by more than a fifth since the last release (RATIOS: a file instead of a quick run)
	$(BIN)/python -m benchmarks check $(RATIOS)

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
