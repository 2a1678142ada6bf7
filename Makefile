# The everyday commands. Each installs what it needs, says what it does, and works again when run twice.
T ?= tests
REPORT ?=
PY = ./hotline --python

.DEFAULT_GOAL := help
.PHONY: help demo test up check bench model web format clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## the main job: real calls, recorded, written down, classified, drafted   [REPORT=file.json]
	@./hotline demo $(if $(REPORT),--report "$(REPORT)")

test: ## every test, on real parts   [T=tests/ivr for a part]
	@./hotline parts --for-tests
	@$(PY) -m pytest $(T) -n auto --dist loadgroup

up: ## start the service and stay; Ctrl-C stops all of it
	@./hotline up

check: ## format, lint, types, import contracts, flows, fast tests
	@./hotline --environment-only
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@./hotline check
	@$(PY) -m pytest tests -q -n auto --dist loadgroup -m "not system and not slow"

bench: ## the figures of docs/benchmarks.md, measured again
	@./hotline parts --for-benchmarks
	@$(PY) -m tests.benchmarks

model: ## train the demo speech model from nothing (about 25 minutes)
	@./hotline model-train

web: ## build the pages (cti/web becomes cti/adapters/web/dist); node from PyPI where there is none
	@python3 cti/web/build.py

format: ## format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

clean: ## forget the environments and the run folder (keeps recordings and the parts in your home)
	rm -rf .venv .venv-model .venv-web run build dist *.egg-info models/work
