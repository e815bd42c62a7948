# Saattaen. `make demo` and `make test` are the two commands a newcomer needs; `make help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
SERVE ?= 1
export AFTERCARE_HOME ?= $(CURDIR)/var
# No tool of the chain reports to its makers.
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export SCARF_ANALYTICS := false
export PYTHONWARNINGS := ignore::SyntaxWarning
# Every command is a process of its own: without kept bytecode each would compile its libraries anew.
unexport PYTHONDONTWRITEBYTECODE

UV := .venv-uv/bin/uv
BIN := .venv/bin
AFTERCARE := $(BIN)/aftercare
LOCKS := pipeline dev dashboards supplier

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# ---- installing ------------------------------------------------------------------------------
# A stamp names the lock it was made from: a changed lock installs again, an unchanged one costs nothing.

$(UV): requirements/uv.txt
	@echo "== installer"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Python 3.11 is needed (found: $$($(PYTHON) --version 2>&1)). On Debian: apt-get install python3.11 python3.11-venv; or name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv .venv-uv
	@.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	@touch $@

.venv/.pipeline: requirements/pipeline.txt pyproject.toml | $(UV)
	@echo "== pipeline environment (.venv)"
	@[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/pipeline.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.pipeline | $(UV)
	@echo "== development tools (.venv)"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv-dash/.dashboards: requirements/dashboards.txt | $(UV)
	@echo "== dashboards environment (.venv-dash)"
	@[ -x .venv-dash/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-dash
	@$(UV) pip sync --quiet --python .venv-dash/bin/python --require-hashes requirements/dashboards.txt
	@touch $@

.venv-supplier/.supplier: requirements/supplier.txt pyproject.toml | $(UV)
	@echo "== supplier's environment (.venv-supplier)"
	@[ -x .venv-supplier/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-supplier
	@$(UV) pip sync --quiet --python .venv-supplier/bin/python --require-hashes requirements/supplier.txt
	@$(UV) pip install --quiet --python .venv-supplier/bin/python --no-deps --editable .
	@touch $@

.PHONY: install install-dev install-dashboards install-supplier lock
install: .venv/.pipeline ## the pipeline environment
install-dev: .venv/.dev ## the pipeline environment with test tools
install-dashboards: .venv-dash/.dashboards ## the Superset environment
install-supplier: .venv-supplier/.supplier ## what a supplier needs to check deliveries, and no more

lock: | $(UV) ## resolve the versions again and write requirements/*.txt (hashed, no host named)
	@for group in $(LOCKS); do echo "== $$group"; \
		$(UV) pip compile --quiet pyproject.toml --group $$group --generate-hashes --no-header --no-annotate \
			--output-file requirements/$$group.txt || exit 1; done
	@sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements/uv.txt | $(UV) pip compile --quiet - --generate-hashes --no-header \
		--no-annotate --output-file requirements/uv.txt

.PHONY: clean
clean: ## remove environments and state (asks first)
	@read -r -p "Remove .venv, .venv-dash, .venv-supplier, .venv-uv and $(AFTERCARE_HOME)? [y/N] " answer; \
		[ "$$answer" = y ] && rm -rf .venv .venv-dash .venv-supplier .venv-uv "$(AFTERCARE_HOME)" || echo "kept"

.PHONY: contracts
contracts: .venv/.pipeline ## write what dbt reads of the contracts (staging models, sources)
	@$(BIN)/python -m ingest.contracts.render
	@$(BIN)/python -m quality.release.render

# ---- the demonstration -------------------------------------------------------------------------

SCALE ?= national

.PHONY: demo
demo: .venv/.pipeline .venv-dash/.dashboards ## synthetic deliveries to a served dashboard (SERVE=0: do not serve; SCALE=small: fewer)
	@echo "== synthetic deliveries ($(SCALE))"
	@$(AFTERCARE) synthesize --scale $(SCALE)
	@echo "== deliveries to release"
	@$(AFTERCARE) run
	@echo "== dashboards"
	@.venv-dash/bin/python -m dashboards.superset.bootstrap
	@if [ "$(SERVE)" = 0 ]; then \
		echo "Ready. Serve with: make demo (Superset http://localhost:8088, Dagster http://localhost:3000)"; \
	else exec $(AFTERCARE) serve; fi

# ---- testing ---------------------------------------------------------------------------------

# Files of tests run beside each other; each file in one process, for what its tests share.
TEST_PROCESSES ?= 2
PYTEST := $(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile

.PHONY: test test-fast
test-fast: .venv/.dev ## the developers' tests (under two minutes)
	@$(PYTEST) -m "not slow and not browser and not national"

.PHONY: browser-packages
browser-packages:
	@command -v chromium >/dev/null || { if [ "$$(id -u)" = 0 ]; then echo "== Chromium (for the browser tests)"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null; \
	else echo "The browser tests need Chromium: sudo apt-get install chromium fonts-dejavu-core"; exit 2; fi; }

test: .venv/.dev .venv-dash/.dashboards browser-packages ## everything but the national run
	@$(PYTEST) -m "not national"

.PHONY: test-browser
test-browser: .venv/.dev .venv-dash/.dashboards browser-packages ## a real browser on a real Superset
	@$(BIN)/python -m pytest -q -m browser

.PHONY: test-national
test-national: .venv/.dev ## the long run on national volume, against the independent recomputation
	@$(BIN)/python -m pytest -q -m national

# ---- measuring -------------------------------------------------------------------------------

BENCH ?= $(CURDIR)/var/bench

.PHONY: bench
bench: .venv/.dev ## what the chain costs at national scale, beside a hand-written script (some minutes)
	@$(BIN)/python tests/benchmarks/bench_chain.py $(BENCH)
