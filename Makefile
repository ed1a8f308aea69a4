# Everything that is done with this repository. Needs Python 3.11, git and make; no root.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := assets episodes generators scenes sim tests benchmarks
# not by loadgroup or loadscope, which wait for ever where a worker crashed (pytest-xdist 3.8)
SPREAD := -n 2 --dist worksteal
REAL ?=
DEMO := runs/demo

.DEFAULT_GOAL := help
.PHONY: success help setup lock demo test coverage slow faults fuzz advisories pools interop bench gallery parts lint format clean

help:
	@echo "make setup        the environment, in $(VENV)"
	@echo "make demo         12 episodes, checked, replayed, shown; REAL=path mixes a data set in"
	@echo "make test         the tests (make slow: the long ones, make faults: killing and breaking)"
	@echo "make coverage     the tests, and which lines none of them runs"
	@echo "make fuzz         every reader, fed with damaged and invented files, for some minutes"
	@echo "make advisories   the locked packages against the known holes, where the index can be reached"
	@echo "make pools        the Ray and Slurm pools and the Optuna search, with their libraries"
	@echo "make interop      every export, read by the real clients (several GB of environments)"
	@echo "make gallery      docs/gallery.md: every task in every look, by every renderer; the robots"
	@echo "make parts        docs/parts.md: every kind of part, with pictures"
	@echo "make bench        the figures in the docs, measured here"
	@echo "make success      docs/success.md: how often each expert succeeds (an hour or more)"
	@echo "make lock         requirements.lock from pyproject.toml, with the versions of today"
	@echo "make lint         ruff and mypy (make format: what ruff can mend)"

setup: $(READY)

# Made anew when the requirements change; a stamp says that it was finished.
$(READY): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here; say which: make PYTHON=path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# The exact versions that everything here is tested with, each file by its hash.
lock:
	$(PYTHON) -m venv runs/env/lock
	runs/env/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	runs/env/lock/bin/uv pip compile --quiet pyproject.toml --extra dev --python-version 3.11 \
	  --python-platform x86_64-manylinux_2_28 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --upgrade -o requirements.lock

demo: $(READY)
	@bash scripts/demo.sh $(DEMO) "$(REAL)"

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" $(SPREAD)

coverage: $(READY)
	$(BIN)/python -m pytest -m "not slow" $(SPREAD) --cov --cov-report=term:skip-covered

slow: $(READY)
	$(BIN)/python -m pytest -m slow --timeout 3600 -o faulthandler_timeout=4200

FAULT_MINUTES ?= 15
faults: $(READY)
	$(BIN)/python -m pytest tests/faults --durations=10
	$(BIN)/python -m tests.faults.figures minutes=$(FAULT_MINUTES)

fuzz: $(READY)
	FUZZ_EXAMPLES=3000 $(BIN)/python -m pytest tests/fuzz

advisories: $(READY)
	@bash scripts/advisories.sh requirements.lock runs/env/advisories

pools: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,ray,slurm,optuna]'
	$(BIN)/python -m pytest tests/generators/production/test_pools_elsewhere.py tests/generators/production/test_search.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

interop: $(READY)
	@bash tests/interop/run.sh $(BIN)/python runs/interop

# What we measure ourselves against: robosuite, in an environment of its own.
ROBOSUITE := runs/env/robosuite
$(ROBOSUITE)/.ready:
	$(PYTHON) -m venv $(ROBOSUITE)
	$(ROBOSUITE)/bin/python -m pip install --quiet --disable-pip-version-check 'robosuite==1.5.2' 'mujoco==3.3.*'
	@touch $@

bench: $(READY) $(ROBOSUITE)/.ready
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/record.py robosuite=$(ROBOSUITE)/bin/python
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/tasks.py

parts: $(READY)
	$(BIN)/python scripts/parts_page.py

# Blender's Python module, for renderer=cycles, in an environment of its own.
BLENDER := runs/env/blender
$(BLENDER)/.ready:
	$(PYTHON) -m venv $(BLENDER)
	$(BLENDER)/bin/python -m pip install --quiet --disable-pip-version-check 'bpy==4.5.*'
	@touch $@

gallery: $(READY) $(BLENDER)/.ready
	CELLWRIGHT_BLENDER_PYTHON=$(BLENDER)/bin/python $(BIN)/python scripts/gallery.py
	$(BIN)/python scripts/robots.py

# make success ARGS="robots=all episodes=25"
success: $(READY)
	$(BIN)/python scripts/success.py $(ARGS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
