# The front door. `make` alone prints the targets.
# Everything that is installed or built goes into a cache outside the checkout, keyed by what it holds.

SHELL := /bin/bash
.DEFAULT_GOAL := help
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/toprope
LOCK := requirements/dev.txt
VENV = $(CACHE)/venv-$(shell sha256sum $(LOCK) | cut -c1-12)
BIN = $(VENV)/bin
PYTHON = $(BIN)/python
PYTEST = $(PYTHON) -m pytest -q --durations=12 --durations-min=5
# Files side by side, in the order they are written in. ARGS="-n 0" runs them in one process.
PAIR = -n 2 --dist loadfile --no-loadscope-reorder
# Most of the time these wait: for a server, a signal, a due time.
TRIO = -n 3 --dist loadfile --no-loadscope-reorder
export PYTHONPATH := operator/src:workloads/kit/src:workloads/shortener/src:workloads/search/src:.
# Bytecode is kept, and not in the checkout: without it every start compiles all that it imports.
export PYTHONPYCACHEPREFIX := $(CACHE)/pycache
unexport PYTHONDONTWRITEBYTECODE
# Stories that take away what the others stand on.
ALONE = tests/e2e/test_operator_dies.py tests/e2e/test_make_dev.py tests/e2e/test_power_cut.py
# The programs of the environment (kubectl, traefik, …) come before the machine's own.
CLUSTER = PATH="$(BIN):$$PATH" KUBECONFIG="$$($(PYTHON) -m dev kubeconfig)" PYTHON=$(PYTHON)
# Rules are proved by it; it comes out of Debian's package, unless the variable names another.
PROMTOOL = TOPROPE_PROMTOOL="$${TOPROPE_PROMTOOL:-$$($(PYTHON) -m dev promtool)}"

.PHONY: help
help: ## print the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- see it

.PHONY: demo up cluster down doctor
demo: cluster ## a cluster, the operator, a ShortenerApp; shorten a link, follow it, count it
	@$(CLUSTER) dev/toprope demo -f examples/links.yaml --gateway http://127.0.0.1:8080
	@# The first link waits neither for what measures nor for what watches.
	@$(PYTHON) -m dev monitoring
	@$(PYTHON) -m dev metrics
	@$(CLUSTER) dev/toprope demo -f examples/links.yaml --gateway http://127.0.0.1:8080 --slos

up: cluster ## the local cluster with the operator and Prometheus in it; can be repeated
	@$(PYTHON) -m dev monitoring
	@$(PYTHON) -m dev metrics
	@$(PYTHON) -m dev images search

cluster: venv
	@$(PYTHON) -m dev up
	@# What searches has a model in it, and no link waits for that.
	@$(PYTHON) -m dev images operator shortener postgres cache
	@$(CLUSTER) dev/install

down: venv ## take the cluster down; nothing of it stays but the cache
	@$(PYTHON) -m dev down

doctor: ## what is there, what is missing, what would be installed, and the disk it takes
	@# Nothing is installed in order to say what would be: without the environment that is all that can be said.
	@if [ -e "$(VENV)/.done" ]; then $(PYTHON) -m dev doctor; else dev/bootstrap --look "$(VENV)" $(LOCK); fi

# ---- change it

.PHONY: dev lint crds crds-fresh venv python lock clean
dev: cluster ## the operator on this machine, started again on each save, against the local cluster
	@$(CLUSTER) dev/host-operator

lint: venv ## every gate: ruff, types, doors, size, shell, Dockerfiles, YAML, workflows
	@PYTHON=$(PYTHON) dev/lint $(GATES)

crds: venv ## generate crds/, the operator's RBAC and the overview dashboard from the models
	@$(PYTHON) -m toprope crds --into crds
	@$(PYTHON) -m toprope rbac --into dev/manifests/operator/rbac.yaml
	@$(PYTHON) -m toprope slo dashboard --config-map toprope-system --into dev/manifests/operator/overview.yaml

crds-fresh: venv
	@$(PYTHON) -m toprope crds --into crds --check
	@$(PYTHON) -m toprope rbac --into dev/manifests/operator/rbac.yaml --check
	@$(PYTHON) -m toprope slo dashboard --config-map toprope-system --into dev/manifests/operator/overview.yaml --check

venv: $(VENV)/.done ## the Python environment of all targets, in the user cache
$(VENV)/.done: $(LOCK)
	@dev/bootstrap "$(VENV)" $(LOCK)

python: venv
	@echo $(PYTHON)

lock: ## write requirements/*.txt anew from requirements/*.in
	@dev/lock

clean: ## remove what tools left in the checkout (`python -m dev clean`: the cluster and what it was built from)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov build bench/out
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- prove it

.PHONY: test coverage binaries test-unit test-integration test-e2e bench
test: ## lint and all tests; takes the cluster down at the end, also after a failure
	@trap '$(MAKE) --silent down' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	set -e; for step in lint coverage binaries test-integration test-e2e; do \
		echo "--- $$step"; $(MAKE) --silent $$step; echo "--- $$step: done after $$SECONDS s in all"; done

test-unit: venv ## no server, seconds
	@$(PROMTOOL) $(PYTEST) $(PAIR) -m "not integration and not e2e" tests/unit workloads $(ARGS)

coverage: venv ## the same, and that what is decided, rendered and generated is covered to the last branch
	@$(PROMTOOL) $(PYTEST) $(PAIR) -m "not integration and not e2e" tests/unit workloads --cov --cov-report= $(ARGS)
	@$(PYTHON) -m coverage report --fail-under=100 --precision=1 --skip-covered --show-missing \
		--include='*/toprope/core/*,*/toprope/schema/*,*/toprope/delivery/*,*/toprope/slo/*,*/toprope/serving/*,*/toprope/kinds/*'

binaries: venv
	@# All at once: what is compiled for the floor is used again for the node, and deleted after the build.
	@$(PYTHON) -m dev build

test-integration: venv ## against a real API server, Postgres and Redis; no pods
	@$(PYTHON) -m dev build
	@$(PROMTOOL) $(PYTEST) $(TRIO) -m integration tests/integration workloads $(ARGS)

test-e2e: up ## stories on the local cluster, which stays up
	@# Those that take the operator or the cluster away alone and last.
	@$(PROMTOOL) $(CLUSTER) $(PYTEST) $(PAIR) -m e2e tests/e2e $(patsubst %,--ignore %,$(ALONE)) $(ARGS)
	@$(CLUSTER) $(PYTEST) -m e2e $(ALONE) $(ARGS)

bench: venv ## every figure beside its baseline, and as JSON below bench/out
	@$(PROMTOOL) $(PYTHON) -m bench
