# make run | test | check | bench | meshes | pictures; the first two are the README's Quick start
VENV := .venv
BIN := $(VENV)/bin

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: ## install and open the explorer
	python3 -m venv $(VENV) && $(BIN)/pip install -q -e . && $(BIN)/referred-pain serve

test: ## install, get a browser where none is, run all tests
	python3 -m venv $(VENV) && $(BIN)/pip install -q -e ".[test]" && $(BIN)/python tests/get_chromium.py && $(BIN)/python -m pytest

$(BIN)/ruff:
	python3 -m venv $(VENV) && $(BIN)/pip install -q -e ".[dev]"

check: $(BIN)/ruff ## lint, format and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

meshes: ## rebuild meshes and painting from their sources
	$(BIN)/referred-pain build

bench: ## measure the real app in a real browser
	$(BIN)/python benchmarks/browser.py
	$(BIN)/python benchmarks/frames.py

pictures: ## retake the README's pictures from the running app
	$(BIN)/python docs/take_pictures.py

.PHONY: help run test check meshes bench pictures
