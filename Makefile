# One command a wish; each sets up what it needs first, and is quick when everything stands. `make help` lists them.
#
#   make compose PROMPT="chill lofi 60s"
#
# PROMPT is passed on exactly as typed: quotes, dollar signs and any alphabet are safe.
# VENV=folder  another virtual environment     PYTHON=program  another Python     ARGS="…"  more options for the command

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV ?= .venv
PYTHON ?=
PROMPT ?=
ARGS ?=

# `$(value …)` takes the text as it was typed; without it make would read a dollar sign as a variable of its own.
override PROMPT := $(value PROMPT)
export PROMPT VENV PYTHON

RUN := "$$VENV"/bin/tunesmith
IN_VENV := "$$VENV"/bin/python -m
# Those that need nothing but the repository; bench_learning and bench_transcribe want corpora (docs/teaching.md, docs/transcription.md).
BENCHMARKS := batch plan sound notes load discord beside votes
SOURCES := $(wildcard bot engine tests benchmarks tools)

.PHONY: help setup setup-dev compose samples bot train doctor bench soak test sweep lint check clean prompt-given token-given tree

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name text; do printf 'make %-10s %s\n' "$$name" "$$text"; done

setup: ## install what composing and the bot need, and stop there
	@tools/setup.sh run

setup-dev:
	@tools/setup.sh dev

prompt-given:
	@if [[ -z "$${PROMPT//[[:space:]]/}" ]]; then echo 'PROMPT is empty; say what to compose, for example: make compose PROMPT="chill lofi 60s"' >&2; exit 2; fi

compose: prompt-given setup ## compose a song: make compose PROMPT="chill lofi 60s"
	@$(RUN) compose $(ARGS) -- "$$PROMPT"

samples: setup ## compose the sample songs of docs/samples, one a style
	@$(IN_VENV) tools.samples $(ARGS)

token-given:
	@if [[ -z "$${DISCORD_TOKEN:-}" ]] && ! grep -qsE '^(export )?DISCORD_TOKEN=.+' .env; then echo 'DISCORD_TOKEN is not set; put the token of your Discord application into the environment or into .env (docs/discord.md says where to get one).' >&2; exit 2; fi

bot: token-given setup ## start the Discord bot; needs DISCORD_TOKEN
	@exec $(RUN) bot $(ARGS)

train: setup ## train checkpoints: make train ARGS="…" (docs/training.md)
	@$(RUN) train $(ARGS)

doctor: setup ## look for what is missing on this machine, and say how to mend it
	@$(RUN) doctor $(ARGS)

bench: setup-dev ## measure how long each stage takes
	@for name in $(BENCHMARKS); do echo "== $$name"; $(IN_VENV) "benchmarks.bench_$$name" $(ARGS); done

soak: setup-dev ## compose hundreds of songs in a row, and see whether memory grows or anything is left behind
	@$(IN_VENV) benchmarks.soak $(ARGS)

test: setup-dev ## run the tests, all but the long sweeps
	@$(IN_VENV) pytest -m "not slow" $(ARGS)

sweep: setup-dev ## run the long sweeps too slow for `make test`
	@$(IN_VENV) pytest -m slow --timeout 0 $(ARGS)

lint: setup-dev ## ruff and mypy
	@$(IN_VENV) ruff check $(SOURCES)
	@$(IN_VENV) ruff format --check $(SOURCES)
	@$(IN_VENV) mypy

check: lint test ## everything that must pass before a change goes in

tree: setup-dev ## write the file tree into the README
	@"$$VENV"/bin/python tools/file_tree.py

clean: ## remove caches and build leftovers; songs, data and the virtual environment stay
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find bot engine tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
