# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv from the lock file first.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-ray test-tune test-rooms test-commands test-isa check bench lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: .venv/.ready  ## make .venv with the pinned dependencies and this checkout

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ensweep needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## run the sweep smoke/digits on Ray Tune, and build its report
	$(BIN)/ensweep run smoke/digits
	$(BIN)/ensweep report results/smoke-digits

test: setup  ## run all tests that this machine can run, in four groups at once: those with Ray wait a lot
	$(MAKE) --keep-going --jobs 4 test-tune test-ray test-rooms test-commands

test-tune: setup
	$(BIN)/python -m pytest tests/e2e/test_tune.py -m ray -p no:cacheprovider

test-ray: setup
	$(BIN)/python -m pytest tests/e2e -m ray --ignore tests/e2e/test_tune.py -p no:cacheprovider

test-rooms: setup
	$(BIN)/python -m pytest --ignore tests/e2e

test-commands: setup
	$(BIN)/python -m pytest tests/e2e -m "not ray" -p no:cacheprovider

NUMERIC := -m pytest tests/trainers tests/oracle -p no:cacheprovider

test-isa: setup  ## run the numeric tests as on processors with shorter vectors: AVX2, and SSE4.1 alone
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 $(BIN)/python $(NUMERIC)
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 $(BIN)/python $(NUMERIC)

check: setup  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup  ## run all benchmarks small: one table of speed against limits and goals
	$(BIN)/python benchmarks/all.py

lock: setup  ## renew requirements.lock to the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --upgrade --quiet --custom-compile-command 'make lock' --output-file requirements.lock

clean:  ## remove what can be made again; results stay
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
