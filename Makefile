# Needs make and Python 3.11 or newer, nothing else. `make help` lists what it does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One stamp for one lock file: another lock installs again, the same one costs nothing.
STAMP := $(VENV)/installed-$(shell cat requirements.lock pyproject.toml | cksum | tr ' ' '-')

.DEFAULT_GOAL := help
.PHONY: help up reset token demo bench test proof lint fmt lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(STAMP) ## start the whole platform on this machine (args="--speed 86400": a simulated clock)
	@$(BIN)/wasl up $(args)

reset: $(STAMP) ## delete the local platform and its data; asks first (args=--yes: does not)
	@$(BIN)/wasl reset $(args)

token: $(STAMP) ## print a staff token: make -s token role=body-agent body=<id>
	@$(BIN)/wasl token --role "$(role)" --body "$(body)"

demo: $(STAMP) ## a handful of complaints through every flow, on a simulated clock
	@$(BIN)/wasl demo $(args)

bench: $(STAMP) ## measure the platform on this machine (SIZE=200000: beside so many stored complaints; args=--help)
	@$(BIN)/python -m tests.bench $(if $(SIZE),--size $(SIZE)) $(args)

test: lint ## every check and test, on real brokers and databases, two at a time (args="-k name")
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder $(args)

# The long form of every fault; `make test` has the short one. Each value may be given: make proof WASL_PROOF_LIVES=4000
proof: export WASL_PROOF_LIVES ?= 20000
proof: export WASL_PROOF_KILLS ?= 3
proof: export WASL_PROOF_AT_ONCE ?= 16
proof: export WASL_PROOF_STORM ?= 100000
proof: export WASL_PROOF_OPEN ?= 1000000
proof: export WASL_PROOF_HELD_SECONDS ?= 300
proof: $(STAMP) ## every fault in its long form (an hour); its table is left in .wasl/proof.md
	$(BIN)/pytest tests/reliability tests/integration/test_calendar_change.py -s -m "proof or not proof" $(args)

lint: $(STAMP) ## style, types, who may import whom, and that procedures are data
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.lint

fmt: $(STAMP) ## put the code into its one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## pin the dependencies by hash (args=--upgrade: to the newest that pyproject.toml allows)
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv "$$tools" && "$$tools/bin/pip" install --quiet uv && \
	"$$tools/bin/uv" pip compile pyproject.toml --quiet --output-file requirements.lock --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --universal --python-version 3.11 --extra intake --extra notifications --extra local --group dev \
	  --custom-compile-command "make lock" $(args)

# Its words go to standard error, so that `make -s token` prints a token and nothing else.
$(STAMP): requirements.lock pyproject.toml
	@{ \
	$(PYTHON) -c 'import sys; sys.exit("Wasl needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" if sys.version_info < (3, 11) else 0)' && \
	{ test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3 cannot make a venv; Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); false; }; } && \
	echo "installing the packages of requirements.lock into $(VENV)" && \
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off $(if $(wildcard $(VENV)/installed-*),--quiet) --require-hashes -r requirements.lock && \
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e . && \
	rm -f $(VENV)/installed-* && touch $@; } >&2
