# Two commands matter to a newcomer: `make demo` and `make test`. Both set up .venv from requirements.lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Each of the two has servers of its own, and a file's tests stay together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: help install lint demo test test-all bench lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

install: $(VENV)/.installed ## the virtual environment, from the lock file

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "fivenines needs Python 3.11 to 3.13: make PYTHON=python3.11 install")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## a month of a sample fleet through the live platform
	$(BIN)/fivenines demo

test: install lint ## every check and every test but the slow ones
	$(PYTEST)

test-all: install lint ## also the long fault and scale tests
	$(PYTEST) -m ""

lint: install ## style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## speed and memory beside references, as ratios
	$(BIN)/python -m tests.benchmarks

lock: ## write requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev --python-version 3.11 pyproject.toml -o requirements.lock

clean: ## remove the environment and the default data folder
	rm -rf $(VENV) .fivenines .fivenines-demo build
