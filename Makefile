# Run `make` without arguments for a list of targets.
PY = .venv/bin/python
# Without cached bytecode, each process that the tests start would compile Streamlit, Gradio and TensorFlow anew.
unexport PYTHONDONTWRITEBYTECODE
LOCK = $(PY) -m uv pip compile pyproject.toml --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --quiet
BABEL = $(PY) -m babel.messages.frontend

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: ## Install missing packages and start the dashboard (PORT=8501 HOST=127.0.0.1)
	@sh scripts/install.sh
	@exec $(PY) -m dashboard

class: ## Start the dashboard for a class on the local network, and print its links (PORT=8501 HOST=0.0.0.0)
	@sh scripts/install.sh
	@HOST=$${HOST:-0.0.0.0} TRAZO_CLASSROOM=1 exec $(PY) -m dashboard

cluster: ## Start a cluster of several machines here, and print the line to type on each other machine
	@sh scripts/install.sh cluster
	@exec sh scripts/cluster.sh head

join: ## Let this machine train for a cluster (HEAD=host TOKEN=..., as make cluster prints them)
	@sh scripts/install.sh cluster
	@exec sh scripts/cluster.sh join "$(HEAD)" "$(TOKEN)"

test: ## Install test packages and run the tests (ARGS="-k draw" selects some)
	@sh scripts/install.sh dev
	@[ -z "$$CI" ] || sh scripts/install.sh dev cluster
	@[ -z "$$CI" ] || { $(PY) -m tests.support.chromium && $(PY) -m tests.support.nginx \
		&& $(PY) -m tests.support.postgresql; }
	@$(PY) -m pytest --numprocesses 2 --no-loadscope-reorder $(MARKS) $(ARGS)

check: MARKS = -m "not long"
check: lint test ## Check format, style, types and import rules, then run all tests but the long ones

lint: ## Check format, style, types and import rules
	@sh scripts/install.sh dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo

format: ## Format all code and apply automatic fixes
	@sh scripts/install.sh dev
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: ## Run the benchmarks and write benchmarks/RESULTS.md (ARGS=--help lists options)
	@sh scripts/install.sh dev
	@$(PY) -m benchmarks $(ARGS)

browser: ## Install Chromium for the browser tests if there is none
	@sh scripts/install.sh dev
	@$(PY) -m tests.support.chromium

translate: ## Collect the sentences of the code into core/locale/*/LC_MESSAGES/trazo.po, and compile these files
	@sh scripts/install.sh
	$(BABEL) extract --mapping-file babel.cfg --keywords "tr ntr:1,2 Message count_message:1,2" --add-comments Translators: \
		--add-location file --sort-by-file --no-wrap --output-file core/locale/trazo.pot core dashboard
	$(BABEL) update --domain trazo --input-file core/locale/trazo.pot --output-dir core/locale --no-wrap \
		--ignore-obsolete --ignore-pot-creation-date
	$(PY) -m core.catalogues

lock: ## Pin the requirements from pyproject.toml (ARGS=--upgrade for newer versions)
	@sh scripts/install.sh dev
	$(LOCK) $(ARGS) --output-file requirements.txt
	$(LOCK) $(ARGS) --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) $(ARGS) --group cluster --constraint requirements.txt --output-file requirements-cluster.txt

clean: ## Remove .venv, caches and test results; keep the workspace
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.NOTPARALLEL:
.PHONY: help run class cluster join test check lint format bench browser translate lock clean
