# The commands of NeuroScan. `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev

# The oldest and the newest Python that every pinned package has wheels for.
PYTHONS := python3.13 python3.12 python3.11 python3 python
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-fast test-all coverage lint bench bench-dicom viewer lock clean

help:  ## List the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

run: $(INSTALLED)  ## Start NeuroScan on this machine: web server, worker and scheduler
	@PYTHONUNBUFFERED=1 exec $(BIN)/python -m neuroscan_site.run --end-with-parent

# Three for two cores: tests of a browser wait half of the time.
test: $(INSTALLED_DEV) lint  ## Run every check: lint, then all tests
	$(BIN)/python -m pytest --numprocesses 3 --dist loadgroup --durations 15 $(PYTEST_ARGS)

coverage: export PYTEST_ARGS := --cov --cov-report term $(PYTEST_ARGS)
coverage: test  ## Run every check, and say which lines no test runs: twice as long

# What takes a browser, a server of its own, Node.js or patience has a marker of pytest.
test-fast: $(INSTALLED_DEV)  ## Run the tests that need no browser, server or Node.js: a minute
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --quiet \
	  -m 'not browser and not node and not slow and not postgres and not redis and not long' \
	  --ignore ml/training --ignore-glob '*_browser.py' --ignore-glob '*/browser/*' \
	  $(PYTEST_ARGS)

test-all: export NEUROSCAN_TEST_MATRIX := full
test-all: test  ## Run every check with every case of the long matrices: an hour

lint: $(INSTALLED_DEV)  ## Check style, types, layers, templates, migrations, viewer types and settings of production
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --check templates
	$(BIN)/djlint --quiet --lint templates
	@SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') && \
	export SECRET_KEY NEUROSCAN_DATA_DIR=$$(mktemp -d) DEBUG=0 NEUROSCAN_HTTPS=1 && \
	trap 'rm -rf "$$NEUROSCAN_DATA_DIR"' EXIT && set -ex && \
	$(BIN)/python manage.py makemigrations --check --dry-run && \
	$(BIN)/python manage.py write_viewer_types --check && \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(INSTALLED)  ## Measure the model on this machine
	$(BIN)/python -m ml.bench --json $(BENCH_ARGS)

bench-dicom: $(INSTALLED)  ## Measure how studies arrive by STOW-RS and C-STORE, on a private installation
	$(BIN)/python -m neuroscan_site.bench_dicom $(BENCH_ARGS)

viewer:  ## Build the image viewer into static/viewer (needs Node.js 20 or newer)
	cd viewer && npm ci --ignore-scripts --no-audit --no-fund && npm run check && npm test && npm run build

lock: $(INSTALLED_DEV)  ## Pin every package anew, direct and indirect, into constraints.txt
	$(BIN)/pip install --quiet uv
	cp constraints.txt $(VENV)/constraints-before.txt
	sed 's/^-c .*//' requirements-web.txt > $(VENV)/web.in
	sed 's/^-[cr] .*//' requirements.txt > $(VENV)/worker.in
	sed 's/^-[cr] .*//' requirements-dev.txt > $(VENV)/dev.in
	{ echo '# Every package at one exact version, direct and indirect. Made by: make lock'; \
	  $(BIN)/uv pip compile --universal --strip-extras --python-version 3.11 --no-header \
	    --no-annotate --quiet $(VENV)/web.in $(VENV)/worker.in $(VENV)/dev.in; \
	} > $(VENV)/constraints.new
	mv $(VENV)/constraints.new constraints.txt
	@diff $(VENV)/constraints-before.txt constraints.txt || true

clean:  ## Remove what can be made again (not the data in var/ and media/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
	  .coverage htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if command -v $$python >/dev/null && $$python -c '$(USABLE)' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)."; \
	    exec $$python -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo 'NeuroScan needs Python 3.11, 3.12 or 3.13 with its venv module, and found none.' >&2; \
	echo 'Install one (on Debian: apt install python3 python3-venv) and try again.' >&2; \
	exit 1

$(INSTALLED): requirements.txt requirements-web.txt constraints.txt | $(BIN)/python
	@echo 'Installing the packages of requirements.txt: minutes the first time.'
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.txt
	@echo 'Installing the packages of requirements-dev.txt.'
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@
