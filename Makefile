# Siaga's commands. Each target does its own set-up: all it needs is Python 3.11 to 3.13, git and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
UV := $(BIN)/uv pip
# Tests wait as well as work (for a browser, a clock, a process that starts): one worker more than there are cores, four at most.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
WORKERS := -n $(shell echo $$(( $(CORES) < 4 ? $(CORES) + 1 : 4 ))) --dist worksteal

.PHONY: run setup test test-slow bench pages lock clean
.DELETE_ON_ERROR:

run: .venv/ready-run
	@exec $(BIN)/siaga demo $(if $(OSM),--osm "$(OSM)") $(ARGS)

# What `run` needs, without starting anything.
setup: .venv/ready-run

test: .venv/ready-test
	@$(BIN)/pytest -m "not slow" $(WORKERS) $(ARGS)

test-slow: .venv/ready-test
	@$(BIN)/pytest -m slow $(WORKERS) $(ARGS)

bench: .venv/ready-test
	@$(BIN)/python benchmarks/run.py $(ARGS)

# The pages, from api/console into api/static; needs Node.js 20.19 or later. What it makes is committed, so that nobody else does.
pages:
	@cd api/console && npm ci --silent && npm run --silent check && npm run --silent test && npm run --silent build -- --logLevel warn

# The environment. A bare `pip` brings uv, whose hash is locked like every other package's; uv brings the rest.
.venv/bin/uv: requirements-setup.lock
	@test -n "$(PYTHON)" || { echo "Siaga needs Python 3.11, 3.12 or 3.13, and none of them was found; install one and try again." >&2; exit 2; }
	@"$(PYTHON)" -m venv .venv || { echo "$(PYTHON) can't make a virtual environment; install its venv package (on Debian: apt install python3-venv) and try again." >&2; exit 2; }
	@echo "Setting up with $$($(BIN)/python --version): this takes a minute the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@touch $@

.venv/ready-run: .venv/bin/uv requirements.lock pyproject.toml
	@test -e .venv/ready-test || $(UV) sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements-setup.lock requirements.lock
	@test ! -e .venv/ready-test || $(MAKE) --no-print-directory .venv/ready-test
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-test: .venv/bin/uv requirements-test.lock pyproject.toml
	@$(UV) sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements-setup.lock requirements-test.lock
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ .venv/ready-run

# Locks every package for Python 3.11 to 3.13 on all platforms, with hashes and without addresses.
lock: .venv/bin/uv
	@echo "uv" | $(UV) compile --quiet --universal --generate-hashes --no-header --python-version 3.11 - -o requirements-setup.lock
	@$(UV) compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group setup -o requirements.lock
	@$(UV) compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group setup --group dev -o requirements-test.lock

clean:
	rm -rf .venv .venv-bench build *.egg-info
