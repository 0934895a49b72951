# `make` alone lists the targets. ENV selects the environment of synth, diff, deploy and destroy.
ENV      ?= local
STACKS   ?= --all
PYTHON   ?= python3
PLATFORM ?=
TARGET   ?=

FUZZ_TARGETS ?= scan convert run_file catalogue hub
FUZZ_SECONDS ?= 120

# The second of the two keys without which data is kept (config/environments/ holds the first).
DATA_KEY := $(if $(filter destroy,$(DATA)),-c destroy_data=true)

VENV    := .venv
BIN     := $(VENV)/bin
ATELIER := $(BIN)/atelier

# What is installed, and where from: uv asks the index that pip asks. UV_INDEX and uv's other variables go on working.
DECLARED  := pyproject.toml requirements.lock
PIP_INDEX  = $(or $(PIP_INDEX_URL),$(shell $(BIN)/pip config get global.index-url 2>/dev/null))
UV         = $(if $(UV_DEFAULT_INDEX),,$(if $(PIP_INDEX),UV_DEFAULT_INDEX=$(PIP_INDEX))) $(BIN)/uv --quiet
LOCKED    := --constraints requirements.lock
COMPILE    = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Node comes with the virtual environment; the host's own, if any, is not used.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

.PHONY: help setup setup-dev slurm demo test check synth diff deploy destroy bench fuzz lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.project $(VENV)-cloud/.cloud node_modules/.installed ## make both virtual environments and install the CDK CLI

setup-dev: setup $(VENV)/.dev

slurm: ## install Slurm from Debian or Ubuntu, as root or by sudo without a password
	@localcloud/slurm/install.sh

demo: setup ## embedded cloud, deploy, one run on PLATFORM (training-job) or for TARGET, a chat with the model
	@$(ATELIER) demo $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(TARGET),--target $(TARGET))

test: check slurm ## lint, types and every test
	@$(BIN)/pytest --numprocesses 2

check: setup-dev ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

synth: setup ## render the CloudFormation templates of ENV into cdk.out/
	@cdk synth --quiet -c env=$(ENV) $(DATA_KEY)

diff: setup ## what a deploy of ENV would change
	@$(ATELIER) cdk --env $(ENV) diff $(STACKS) $(DATA_KEY)

deploy: setup ## deploy STACKS (all) of ENV (local)
	@$(ATELIER) cdk --env $(ENV) deploy $(STACKS) $(DATA_KEY)

destroy: setup ## destroy STACKS of ENV; data stays unless the last deploy had DATA=destroy
	@$(ATELIER) cdk --env $(ENV) destroy $(STACKS)

bench: setup-dev ## measure the performance claims, one JSON line each; a failure stops none of the others
	@$(BIN)/python -m benchmarks

fuzz: $(VENV)/.fuzz ## look for inputs that crash a loader or a validator, FUZZ_SECONDS for each
	@for target in $(FUZZ_TARGETS); do $(BIN)/python -m tests.fuzz $$target $(FUZZ_SECONDS); done

lock: setup ## make requirements.lock and .txt of pyproject.toml; UPGRADE=NAME or =all for newer versions
	$(COMPILE) $(if $(UPGRADE),$(if $(filter all,$(UPGRADE)),--upgrade,--upgrade-package $(UPGRADE))) --group all pyproject.toml --output-file requirements.lock
	@rm -f requirements.txt
	$(COMPILE) --constraints requirements.lock pyproject.toml --output-file requirements.txt

clean: ## stop the embedded cloud and remove everything that is not in git
	@if [ -x $(ATELIER) ]; then $(ATELIER) down || true; fi
	rm -rf $(VENV) $(VENV)-cloud node_modules .atelier cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz

$(VENV)/bin/python $(VENV)-cloud/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Atelier needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) is what '$(PYTHON)' runs (make PYTHON=... chooses another)" >&2; exit 1; }
	$(PYTHON) -m venv $(patsubst %/bin/python,%,$@)

# uv comes from the lock, by pip; `--constraints` holds every package to the lock's version and hashes.
$(VENV)/.project: $(VENV)/bin/python $(DECLARED) .build/editable_script.py .build/atelier
	$(BIN)/pip install --quiet --requirement <(sed -n '/^uv==/,/[^\\]$$/p' requirements.lock)
	$(UV) pip install $(LOCKED) --build-constraints requirements.lock --group jobs --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.project
	$(UV) pip install $(LOCKED) --group dev
	$(UV) pip install $(LOCKED) --group nova-forge --python-version 3.12 --target "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	$(UV) pip install $(LOCKED) --group hyperpod --target $(VENV)/hyperpod-sdk
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(UV) pip install $(LOCKED) --group fuzz
	@touch $@

$(VENV)-cloud/.cloud: $(VENV)-cloud/bin/python $(VENV)/.project
	$(UV) pip install $(LOCKED) --group cloud --python $(VENV)-cloud
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc $(VENV)/.project
	npm ci --silent
	@touch $@
