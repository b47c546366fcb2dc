# Everything a developer does here. What a target needs, it sets up: git, make and a CPython suffice.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON_OF_VENV = .venv/bin/python
COLLECTOR = .venvs/collector
SCALE = .venvs/scale
# One more than there are processors: most tests wait for a process of their own.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
export JOBS
STORE ?= usage.duckdb

.PHONY: bench bench-quick help demo demo-data test test-collector test-scale test-quick lint types test-jina docs dist clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv-collector ## watch telemetry leave, arrive and be counted; the page is open until Ctrl-C
	$(COLLECTOR)/bin/python examples/demo.py

demo-data: .venv-collector ## fill a store, STORE=usage.duckdb, with a year of invented usage: 10 M events
	$(COLLECTOR)/bin/python examples/demo_data.py $(STORE)

test: .venv-test ## check all: lint, types, layers, coverage, every Python that is installed
	@$(PYTHON_OF_VENV) tools/check.py

test-quick: .venv-test ## run the tests on one Python, without coverage
	$(PYTHON_OF_VENV) -m pytest -n $(JOBS) --dist loadgroup

lint: .venv-test ## look for what ruff finds, and for what it would format
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv-test ## check the types, strictly, as Python 3.9 sees them
	.venv/bin/mypy

test-collector: .venv-collector ## check the collector's types and run its tests, in an environment of its own
	tools/browser $(COLLECTOR)
	@mkdir -p .reports
	$(COLLECTOR)/bin/mypy --config-file tools/mypy-collector.ini
	set -o pipefail; $(COLLECTOR)/bin/python -m pytest tests/collector -n $(JOBS) \
	    --dist loadgroup 2>&1 | tee .reports/collector.log

test-scale: .venv-scale ## check what is for more than one machine on the engines themselves, in an environment of its own
	tools/scale-engines
	@mkdir -p .reports
	set -o pipefail; $(SCALE)/bin/python -m pytest tests/scale -n $(JOBS) \
	    --dist loadfile 2>&1 | tee .reports/scale.log

test-jina: ## run the tests on real Jina, in an environment of its own
	tools/jina-env
	@mkdir -p .reports
	set -o pipefail; .jina-env/bin/python -m pytest tests/jina 2>&1 | tee .reports/jina.log

bench: ## measure us and our neighbours, side by side, into benchmarks/RESULTS.md
	@python=$$(tools/pythons --main) && "$$python" -m benchmarks

bench-quick: ## measure less of the same, in three minutes, into .benchmarks/RESULTS.md
	@python=$$(tools/pythons --main) && "$$python" -m benchmarks --quick

docs: ## build the documentation into docs/_build/html
	@python=$$(tools/pythons --main) && tools/venv .venv "$$python" docs
	$(PYTHON_OF_VENV) -m sphinx -W --keep-going -b html docs docs/_build/html

dist: .venv-test ## build the wheel and the sdist into dist/
	rm -rf dist build
	@mkdir -p .reports
	$(PYTHON_OF_VENV) -m build > .reports/dist.txt 2>&1 || { cat .reports/dist.txt; exit 1; }
	@ls -l dist

clean: ## remove the environments and whatever else was made
	rm -rf .venv .venvs .jina-env .scale .benchmarks .reports .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist docs/_build *.egg-info .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .venv-test .venv-collector .venv-scale
.venv-test:
	@python=$$(tools/pythons --main) && tools/venv .venv "$$python" test,lint
.venv-collector:
	@python=$$(tools/pythons --main) && tools/venv $(COLLECTOR) "$$python" \
	    test,lint,collector,collector-test
.venv-scale:
	@python=$$(tools/pythons --main) && tools/venv $(SCALE) "$$python" \
	    test,lint,collector,clickhouse,kafka,otlp,collector-test,scale-test
