# Everything a developer does here. What a target needs, it sets up: git, make and a CPython suffice.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON_OF_VENV = .venv/bin/python
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
export JOBS

.PHONY: bench bench-quick help demo test test-quick lint types test-jina docs dist clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## watch telemetry leave: a Flow, its processes, and the payloads as they arrive
	@python=$$(tools/pythons --main) && tools/venv .venv "$$python"
	$(PYTHON_OF_VENV) examples/demo.py

test: .venv-test ## check all: lint, types, layers, coverage, every Python that is installed
	@$(PYTHON_OF_VENV) tools/check.py

test-quick: .venv-test ## run the tests on one Python, without coverage
	$(PYTHON_OF_VENV) -m pytest -n $(JOBS) --dist loadgroup

lint: .venv-test ## look for what ruff finds, and for what it would format
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv-test ## check the types, strictly, as Python 3.9 sees them
	.venv/bin/mypy

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
	rm -rf .venv .venvs .jina-env .benchmarks .reports .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist docs/_build *.egg-info .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .venv-test
.venv-test:
	@python=$$(tools/pythons --main) && tools/venv .venv "$$python" test,lint
