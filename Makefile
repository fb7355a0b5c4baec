# Targets explain themselves: make help. The environment is made in .venv from requirements.lock;
# what only development needs is added from requirements-dev.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
LOOPS := $(wildcard coalition_models/kernels/c/*.c coalition_models/kernels/c/*.h)
OUT ?= build
WORKERS ?= 2

export PYTHONHASHSEED := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help reproduce reproduce-all check expected test test-slow lint format bench paper explorer package
.PHONY: notebook data docs wheels clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml hatch_build.py coalition_models/kernels/_build.py $(LOOPS)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(DEV): $(READY) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $(DEV)

reproduce: $(READY) ## make the environment, run the main analysis, write build/report.html
	$(BIN)/coalition-models reproduce --out $(OUT)

reproduce-all: $(READY) ## fetch every external source (pinned), run the analysis on all of them
	$(BIN)/coalition-models data fetch --missing
	$(BIN)/coalition-models reproduce --sources all --out $(OUT)

check: $(READY) ## run the analysis on the bundled data and compare with data/expected
	$(BIN)/coalition-models reproduce --sources bundled --out $(OUT) --check

expected: $(READY) ## keep the results on the bundled data as the expected ones
	$(BIN)/coalition-models reproduce --sources bundled --out $(OUT) --write-expected

test: $(DEV) lint ## everything that must hold: lint, types, floors, tests, examples, notebooks
	$(BIN)/python -m pytest -m "not slow" -q -n $(WORKERS) --dist loadfile

test-slow: $(DEV) ## simulation studies and whole sweeps (most of an hour)
	$(BIN)/python -m pytest -m slow -q

lint: $(DEV) ## style, types and import floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(DEV) ## put the code into its standard layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## time the Cox engine beside R and lifelines, write benchmarks/results.md
	$(BIN)/python benchmarks/cox.py

paper: $(READY) ## run the analysis that the paper reports; build/paper.pdf, .html, .docx and .md
	$(BIN)/coalition-models paper --out $(OUT)/paper.md --formats pdf,html,docx

package: $(READY) ## run the analysis on the bundled data and pack what a journal asks for
	$(BIN)/coalition-models package --out $(OUT)/replication.zip

explorer: $(READY) ## one finding under every choice, as a page to switch them in: build/explorer.html
	$(BIN)/coalition-models explorer --out $(OUT)

notebook: $(READY) ## open the notebooks in Jupyter (the first time fetches jupyterlab into .venv)
	@$(BIN)/python -c 'import jupyterlab' 2>/dev/null || $(BIN)/python -m pip install --quiet jupyterlab
	$(BIN)/jupyter lab notebooks

data: $(READY) ## rebuild the derived tables from the upstream files and compare
	$(BIN)/coalition-models data build --check

docs: $(DEV) ## build the documents as a site: open build/site/index.html
	SOURCE_DATE_EPOCH=315532800 NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --clean --site-dir $(OUT)/site

wheels: $(READY) ## build the wheels of every platform into dist (fetches zig, to cross-compile)
	$(BIN)/python .ci/wheels.py

clean: ## remove what was built, not the environment
	rm -rf $(OUT) .pytest_cache .mypy_cache .ruff_cache
