# make demo and make test are all a newcomer needs; the rest is for those who change the code.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := pyproject.toml constraints.txt CMakeLists.txt $(wildcard native/*)

.PHONY: help install demo test lint bench soak wheel clean
help:
	@echo "make demo     install into $(VENV) and run the example study; prints where the report is"
	@echo "make test     install into $(VENV) and run the tests"
	@echo "make lint     ruff, mypy, import layers"
	@echo "make bench    every script of benchmarks/"
	@echo "make soak SUITE=name   a long campaign of benchmarks/soak/"
	@echo "make wheel    build and repair a manylinux wheel into wheelhouse/"

install: $(STAMP)

$(STAMP): $(SOURCES)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3 python3-venv python3-dev"; exit 1; }
	@command -v $${CXX:-c++} >/dev/null 2>&1 || { echo "a C++ compiler is needed to build from source: apt-get install g++"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "venv could not be made: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -c 'import sysconfig, pathlib, sys; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || { echo "the Python headers are needed to build from source: apt-get install python3-dev"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt scikit-build-core nanobind cmake ninja
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@

demo: install
	$(BIN)/radiotype demo

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

soak: install
	@test -n "$(SUITE)" -a -f "benchmarks/soak/$(SUITE).py" || { echo "usage: make soak SUITE=name; suites: $$(ls benchmarks/soak 2>/dev/null | grep -v __ | sed 's/\.py//' | tr '\n' ' ')"; exit 2; }
	$(BIN)/python benchmarks/soak/$(SUITE).py

wheel: install
	rm -rf dist && $(BIN)/python -m build --wheel --outdir dist .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/auditwheel repair --wheel-dir wheelhouse dist/*.whl

clean:
	rm -rf build dist wheelhouse $(VENV)
