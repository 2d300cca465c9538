# The front door. `make` alone prints the targets.
# Everything that is installed goes into a cache outside the checkout, keyed by what it holds.

SHELL := /bin/bash
.DEFAULT_GOAL := help
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/toprope
LOCK := requirements/dev.txt
VENV = $(CACHE)/venv-$(shell sha256sum $(LOCK) | cut -c1-12)
PYTHON = $(VENV)/bin/python
export PYTHONPATH := operator/src:workloads/kit/src:workloads/shortener/src:.
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## print the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv python lock
venv: $(VENV)/.done ## the Python environment of all targets, in the user cache
$(VENV)/.done: $(LOCK)
	@dev/bootstrap "$(VENV)" $(LOCK)

python: venv
	@echo $(PYTHON)

lock: ## write requirements/*.txt anew from requirements/*.in
	@dev/lock
