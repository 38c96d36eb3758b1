# Outreach. `make` alone prints what there is.
# Needs Python 3.11 to 3.14 as `python3` (or say `make PYTHON=python3.12 ...`).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

# Hundreds of processes start in a test run: none of them should compile the program anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo run test rest check bench faults messy requirements clean

help: ## print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/installed ## make .venv with everything that Outreach needs (instant when done)

demo: setup ## real Airflow, one campaign from pledges to a balanced certificate, unattended
	$(BIN)/python -m outreach.local.demo

run: setup ## Airflow and the public pages for you to use; Ctrl-C stops all
	$(BIN)/python -m outreach.local.run

test: check ## check, then the tests; what runs on both databases, on one of them in turn
	$(BIN)/python -m pytest -n 3 --part first

rest: $(VENV)/tools ## the tests that `make test` leaves out, for continuous integration
	$(BIN)/python -m pytest -n 3 --part rest

check: $(VENV)/tools ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/tools ## the benchmarks, each against a named peer
	$(BIN)/python -m bench

faults: $(VENV)/tools ## everything that can go wrong while sending, many times: nobody twice, nobody lost
	$(BIN)/python -m tests.faults

messy: $(VENV)/tools ## import messy lists of 100,000 and 1,000,000 rows: all must be as it is known to be
	$(BIN)/python -m bench.messy_run

requirements: $(VENV)/tools ## compile requirements.txt and tests/requirements.txt anew
	$(PIP) uv
	$(BIN)/uv pip compile $(COMPILE) requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(COMPILE) tests/requirements.in -o tests/requirements.txt

clean: ## remove what was built (not .outreach, where your data is)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis plugins/*.egg-info

COMPILE := --quiet --python-version 3.11 --universal --generate-hashes --no-strip-extras \
	--no-header --no-annotate

# pip's resolver refuses some extras in hash mode, and the lists are complete: hence --no-deps.
$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Outreach and Airflow into $(VENV): about a minute, once."
	$(PIP) --no-deps --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/tools: tests/requirements.txt $(VENV)/installed
	$(PIP) --no-deps --require-hashes -r tests/requirements.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || \
		{ echo "Outreach needs Python 3.11 to 3.14; $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Say which to use, for example: make PYTHON=python3.12 setup"; exit 1; }
	$(PYTHON) -m venv $(VENV)
