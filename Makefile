.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STATE := $(CURDIR)/.state

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-10s %s\n", $$1, $$2}'

setup: .venv/.ready  ## Install the project into .venv

.venv/.ready: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/.dev: .venv/.ready requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: .venv/.ready  ## Repair a small package that has several bugs, on a stack of its own
	@trap 'SWARM_HOME=$(STATE) $(BIN)/swarm down' EXIT; \
	SWARM_HOME=$(STATE) $(BIN)/swarm launch --repo examples/ledger --agents 8 --timeout 150s \
	  --task "make all tests of the ledger pass" --success "pytest -q" --scope ledger

check: .venv/.dev  ## Format, lint, types, layers: nothing is changed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/.dev  ## All tests but the long ones, on real servers of their own
	$(BIN)/pytest --numprocesses 2 --dist loadfile

soak: .venv/.dev  ## All tests, the long ones included
	$(BIN)/pytest --run-soak --timeout 3600

docs: .venv/.dev  ## Write the pages of the reference that are made from the code
	$(BIN)/python -m tests.architecture.reference

up: .venv/.ready  ## Start the embedded stack
	$(BIN)/swarm up

down: .venv/.ready  ## Stop the embedded stack
	$(BIN)/swarm down

lock: .venv/.dev  ## Resolve the dependencies anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove what was installed and made here
	rm -rf .venv .state .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

.PHONY: help setup demo check test soak docs up down lock clean
