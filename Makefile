# Everything a newcomer, a developer and CI type. The environment is made once, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test unit check bench docs clean

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV): this takes a minute or two the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch 2>/dev/null \
		|| $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' 2>$(VENV)/pip.log \
		|| { cat $(VENV)/pip.log; exit 1; }
	@touch $(READY)

demo: $(READY) ## train, evaluate and predict on the telco churn example
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/churn/demo.sh

test: $(READY) ## the whole suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal

unit: $(READY) ## the quick tests of each room; whole trainings and commands are left to `make test`
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow' \
		--ignore=tests/cli --ignore=tests/docs --ignore=tests/pipeline

check: $(READY) ## format, lint, types, the layers of the house
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## every figure of docs/benchmarks.md, peers beside us
	@$(BIN)/python benchmarks/run.py

docs: $(READY) ## the generated pages
	@$(BIN)/python docs/generate.py

clean: ## remove what the targets above made
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache
