# 审像 shenxiang. `make help` lists what there is. Everything happens in .venv; nothing is done twice.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WEB := review_ui/web
WEB_SOURCES := $(shell find $(WEB) \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test test-python test-web check format web api-types requirements pictures bench bench-queue bench-ui clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.serve $(WEB)/dist/index.html ## Set everything up and open the working system on synthetic scans
	@$(BIN)/shenxiang demo

test: test-python test-web ## Set everything up and run every test

test-python: $(VENV)/.develop $(WEB)/dist/index.html
	$(BIN)/python -m pytest

test-web: $(WEB)/node_modules/.installed
	cd $(WEB) && npm test

check: $(VENV)/.develop $(WEB)/node_modules/.installed ## Format, lint, types, imports, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell $$(git ls-files '*.py' '*.md' '*.ts' '*.tsx')
	cd $(WEB) && npm run lint && npm run typecheck

format: $(VENV)/.develop ## Rewrite the Python code in the project's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

web: $(WEB)/dist/index.html ## Build the browser application

api-types: $(VENV)/.develop $(WEB)/node_modules/.installed ## Regenerate the page's API types from the server's OpenAPI
	$(BIN)/shenxiang openapi > $(WEB)/openapi.json
	cd $(WEB) && npm run api-types

requirements: $(VENV)/.develop ## Pin the newest allowed dependencies again
	$(BIN)/python requirements/pin.py

pictures: $(VENV)/.develop $(WEB)/dist/index.html ## Take the pictures of the screens anew, the documentation's too
	$(BIN)/python -m pytest tests/e2e/test_pictures.py --write-pictures

bench: $(VENV)/.develop $(WEB)/dist/index.html ## Measure the numbers of the README on this machine
	$(BIN)/python -m benchmarks.first_slice

bench-queue: $(VENV)/.bench ## Measure the review queue beside other queues, half an hour
	$(BIN)/python -m benchmarks.queue --json benchmarks/results/queue.json

bench-ui: $(VENV)/.develop $(WEB)/dist/index.html ## Measure the reviewer's page: make bench-ui JSON=FILE ONLY=boxes,switch
	$(BIN)/python -m benchmarks.ui --json $(or $(JSON),benchmarks/results/ui.json) $(if $(ONLY),--only $(ONLY))

clean: ## Remove what was built and installed, but no data
	rm -rf $(VENV) $(WEB)/dist $(WEB)/node_modules .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "shenxiang needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements/base.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install -q --require-hashes -r requirements/base.txt -r requirements/build.txt
	SKIP_UI_BUILD=1 $(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develop: requirements/train.txt $(VENV)/.serve
	$(PIP) install -q --require-hashes -r requirements/train.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.serve
	$(PIP) install -q --require-hashes -r requirements/bench.txt
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json | $(VENV)/.serve
	cd $(WEB) && npm ci --no-audit --no-fund
	@touch $@

$(WEB)/dist/index.html: $(WEB_SOURCES) $(WEB)/node_modules/.installed
	cd $(WEB) && npm run build
	@touch $@
