# Two commands do everything: `make demo` and `make test`. They need Python 3.11+, make and a package index.
SHELL := /bin/sh
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
TESTS ?= tests
WORKERS ?= 3

.PHONY: demo test test-long test-load test-services bench check lock clean python

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found on the PATH (PYTHON=/path/to/python names one)."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11. Set PYTHON=/path/to/python3.11 or newer."; exit 1; }

# A stamp per lock file: nothing is installed twice, and a changed lock file is noticed.
$(VENV)/.run: requirements.lock | python
	@test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run
	@$(PY) manage.py demo --port $(PORT) $(if $(RESET),--reset)

test: $(VENV)/.dev
	@$(PY) -m pytest -n $(WORKERS) $(TESTS)

# Two thousand random verbs, others each time, two thousand histories of gifts of which some messages were lost, and every
# order of up to nine messages; on another database where DATABASE_URL names one.
test-long: export RANDOM_STEPS ?= 2000
test-long: export HISTORIES ?= 2000
test-long: export RANDOM_SUMS ?= 300
test-long: export EVERY_ORDER ?= 1
test-long: $(VENV)/.dev
	@$(PY) -m pytest -n 0 tests/articles/test_random_verbs.py tests/donations/test_tallies.py
	@$(PY) -m pytest -n $(WORKERS) tests/donations/test_healing.py tests/donations/test_orders.py

# The same tests on PostgreSQL and Redis; the addresses are this machine's unless the environment names others.
test-services: export DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
test-services: export CACHE_URL ?= redis://127.0.0.1:6379/1
test-services: export QUEUE_URL ?= redis://127.0.0.1:6379/2
test-services: $(VENV)/.dev
	@$(PY) -m pytest -n $(WORKERS) $(TESTS)

# What a million payments cost the public figures, and 200,000 gifts the pages of a campaign and of what moved readers to
# give, on SQLite and on the PostgreSQL server that BENCH_DATABASE_URL names.
# It takes some minutes; its databases are its own, and dropped.
BENCH_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
bench: $(VENV)/.dev
	@env DATABASE_URL=sqlite://:memory: $(PY) -m tests.benchmarks.sums
	@env DATABASE_URL=$(BENCH_DATABASE_URL) $(PY) -m tests.benchmarks.sums
	@env DATABASE_URL=sqlite://:memory: $(PY) -m tests.benchmarks.campaign
	@env DATABASE_URL=$(BENCH_DATABASE_URL) $(PY) -m tests.benchmarks.campaign

# Signed webhooks for 5,000 gifts, each twice, by eight clients to a running newsroom on SQLite and on PostgreSQL; then 500
# gifts of which 200 are not told of. It takes its time: LOAD_GIFTS=500 make test-load takes less.
test-load: $(VENV)/.dev
	@env DATABASE_URL=sqlite://:memory: $(PY) -m tests.benchmarks.webhooks
	@env DATABASE_URL=$(BENCH_DATABASE_URL) $(PY) -m tests.benchmarks.webhooks
	@env DATABASE_URL=sqlite://:memory: LOAD_GIFTS=500 LOAD_LOST=200 $(PY) -m tests.benchmarks.webhooks
	@env DATABASE_URL=$(BENCH_DATABASE_URL) LOAD_GIFTS=500 LOAD_LOST=200 $(PY) -m tests.benchmarks.webhooks

# What speaks with Stripe, and what counts, books, mails or forgets.
TYPED := cms/logs.py outbox $(addprefix donations/, bank_lines ledger mails reconcile statements stripe_gateway \
	$(addprefix models/, gift.py guard.py inbox.py inspection.py mode.py payment.py report.py shown.py tally.py words.py) \
	$(addsuffix .py, attention attribution breaker charging closing course deeds endpoint groups health inspections issuing \
	mailed_links money movers offline owed retention scrubbing standing stripe_facts totals tries webhooks))

check: $(VENV)/.dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/djlint templates donations/sandbox/templates --check --quiet
	@$(VENV)/bin/djlint templates --lint --quiet
	@$(PY) -m mypy --strict $(TYPED)
	@$(PY) manage.py makemigrations --check --dry-run
	@env DEBUG=0 SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF ALLOWED_HOSTS=news.example.org \
		SITE_URL=https://news.example.org DATABASE_URL=sqlite:///:memory: EMAIL_URL=consolemail:// \
		DEFAULT_FROM_EMAIL=news@example.org NEWSROOM_NAME=Example TIME_ZONE=UTC CURRENCY=USD \
		STRIPE_SECRET_KEY=none STRIPE_WEBHOOK_SECRET=none $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -m pytest -q tests/cms/test_house.py

# Needs uv, which may come from the package index: python3 -m pip install uv
UV_LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command "make lock" --extra production pyproject.toml
lock:
	$(UV_LOCK) -o requirements.lock
	$(UV_LOCK) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) var staticfiles
