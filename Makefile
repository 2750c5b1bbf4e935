# Every target sets up what it needs. DATA=folder makes `make report` read your own folder.
PYTHON ?= python3
VENV ?= .venv
DATA ?= data/sample
OUT ?= reports
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: report test check lab peers bench pollution rates process-mining report-pages generated lock clean

report: $(READY)
	@$(BIN)/pmanalytics report $(DATA) --out $(OUT)

# Far from UTC, so that a day read in the wrong zone shows.
test: $(READY)
	@TZ=Pacific/Auckland $(BIN)/pytest -n auto --dist loadfile

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lab: $(READY)
	@$(BIN)/jupyter lab notebooks

# DuckDB, polars, orjson and pm4py are peers to measure against, no part of the package: they live
# in an environment apart.
peers: $(READY)
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip install -q --compile-bytecode --python .venv-bench/bin/python -e '.[notebooks]' \
		duckdb==2.0.0 polars==2.1.0 pytz pm4py==2.7.23.11 orjson==3.13.0

# About 20 minutes on two cores, and 1.5 GB for what is made up to be read.
bench: peers
	@env -u PYTHONDONTWRITEBYTECODE .venv-bench/bin/python benchmarks/scale.py

pollution: peers
	@.venv-bench/bin/python benchmarks/pollution.py

rates: peers
	@.venv-bench/bin/python benchmarks/rates.py

process-mining: peers
	@.venv-bench/bin/python benchmarks/process_mining.py

# Each of these peers lives in an environment of its own, with the pandas and setuptools it knows.
report-pages: $(READY)
	@for peer in quantstats==0.0.86 ydata-profiling==4.18.4 evidently==0.7.23; do \
		home=.venv-bench-$${peer%%==*}; $(BIN)/uv venv -q --clear --python $(BIN)/python $$home \
		&& $(BIN)/uv pip install -q --python $$home/bin/python "$$peer" 'pandas<3' 'setuptools<81' \
		|| exit 1; done
	@$(BIN)/python benchmarks/report_pages.py

generated: $(READY)
	@$(BIN)/pmanalytics sample data/sample
	@$(BIN)/python tools/refresh_notebooks.py
	@$(BIN)/python tools/make_tables.py

lock: $(READY)
	@$(BIN)/uv pip compile -q --universal --upgrade --generate-hashes --no-header --no-annotate \
		--extra notebooks --extra test --python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .venv-bench* $(OUT)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name yours with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "$(PYTHON) lacks ensurepip; install it first (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@
