# Two commands do everything: `make demo` and `make test`. Both make their own virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
CONSTRAINTS := constraints.txt

.PHONY: demo test explore lint types imports docs browser clean bench

demo: $(VENV)/.demo
	@$(BIN)/treadle demo --folder .demo $(ARGS)

test: $(VENV)/.dev
	@echo "▸ Running the tests"
	@$(BIN)/python -m pytest -n auto $(ARGS)

explore: $(VENV)/.dev
	@echo "▸ Running the tests on examples nobody drew before"
	@$(BIN)/python -m pytest -n auto --hypothesis-profile explore $(ARGS)

lint: $(VENV)/.dev
	@echo "▸ Linting"
	@$(BIN)/ruff check src tests examples benchmarks
	@$(BIN)/ruff format --check src tests examples benchmarks

types: $(VENV)/.dev
	@echo "▸ Checking types"
	@$(BIN)/pyright

imports: $(VENV)/.dev
	@echo "▸ Checking the import contract"
	@$(BIN)/lint-imports

docs: $(VENV)/.dev
	@echo "▸ Building the documentation"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .demo site

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Treadle needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@echo "▸ Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml $(CONSTRAINTS)
	@echo "▸ Installing Treadle and the demo's data (a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml $(CONSTRAINTS)
	@echo "▸ Installing Treadle with everything its tests need (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[demo,test,lint,docs]'
	@touch $@ $(VENV)/.demo
