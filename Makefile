# The two commands: `make run` and `make test`. Both need Python 3.11 or newer and make, and install the rest themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

NEXT := .venv-next
PYENV := $(if $(PYENV_ROOT),$(PYENV_ROOT),$(HOME)/.pyenv)/versions
NEXT_PYTHON ?= $(shell for python in python3.13 python3.12 $(PYENV)/3.13.*/bin/python $(PYENV)/3.12.*/bin/python; do \
	$$python -c 'import sqlite3, ssl' 2>/dev/null && echo $$python && break; done)

PINS := .venv-pins
SERVERS := .venv-servers
COMPILE = $(PINS)/bin/uv pip compile --quiet --universal --generate-hashes --annotation-style line \
	--no-emit-package pip --custom-compile-command "make pins" $(UPGRADE)
# Only what is pinned, with one of its published hashes; nothing is built, so no package runs code while it is installed.
INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: --requirement

PORT ?= 8000
PAYPAL_STANDIN_PORT ?= $(shell expr $(PORT) + 1)
export PORT PAYPAL_STANDIN_PORT

.PHONY: help run policy-walk deploy-demo test test-fast test-next next-checks browser-tests screenshots audit-pages evidence evidence-postgresql check lint types imports migrations migration initial-migrations deploy-check chaos mutation bench bench-quick memory audit sbom dist pins format clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

run: $(VENV)/.run .env  ## The demo: site, worker, scheduler and PayPal stand-in, until Ctrl-C
	@$(BIN)/python manage.py run_demo || [ $$? -eq 130 ]

policy-walk:  ## The demo with one column that its policy doesn't cover yet, to walk through a change of the policy
	@POLICY_LEAVES_OUT=privacy_privacyrequest.phone DATA_DIR=var/policy-walk $(MAKE) --no-print-directory run

deploy-demo: $(VENV)/.dev  ## The production set behind nginx with TLS, and what its users do; needs nginx and redis-server (KEEP=1: until Ctrl-C)
	$(BIN)/python -m tests.production

test: $(VENV)/.dev  ## The whole suite, on SQLite and on PostgreSQL at once
	$(BIN)/python -m tests.both

test-fast: $(VENV)/.dev  ## Nine tests in ten on SQLite: without those that start processes or try everything there is
	$(BIN)/python -m pytest -m "not slow and not exhaustive" --numprocesses auto --dist loadfile --no-loadscope-reorder

browser-tests: $(VENV)/.dev  ## Tests in a real browser; needs Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -m browser

screenshots: $(VENV)/.dev  ## Pictures of all pages, light, dark and 320 px wide, in var/screenshots
	$(BIN)/python -m tests.browser.screenshots var/screenshots

audit-pages: $(VENV)/.dev  ## Weight, HTML and Lighthouse scores of the pages; needs Chromium, npm, Java and the network
	$(BIN)/python -m tests.browser.audit

evidence: $(VENV)/.dev  ## Mutations that reintroduce known vulnerabilities; the rehearsal must find each (minutes; ONE_BY_ONE=1: hours)
	$(BIN)/python -m pytest -m holes

evidence-postgresql: $(VENV)/.dev  ## The same on PostgreSQL
	$(BIN)/python -m tests.postgres -m pytest -m holes

test-next: next-checks  ## The whole suite on the newest Django, with Python 3.13 or 3.12, in an environment of its own
	$(NEXT)/bin/python -m tests.both

next-checks: $(NEXT)/.dev
	DJANGO_SETTINGS_MODULE=tests.settings $(NEXT)/bin/python -W error manage.py check
	DJANGO_SETTINGS_MODULE=tests.settings $(NEXT)/bin/python -W error manage.py makemigrations --check --dry-run

check: lint types imports migrations deploy-check test browser-tests next-checks  ## Everything that CI runs

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --check --lint templates paypal_standin/templates

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --config-file paypal_standin/mypy.ini -p paypal_standin

imports: $(VENV)/.dev
	$(BIN)/lint-imports

migrations: $(VENV)/.dev
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	PAYPAL_STANDIN_DATA_DIR=$$(mktemp -d) DJANGO_SETTINGS_MODULE=paypal_standin.settings $(BIN)/python -m django makemigrations --check --dry-run

migration: $(VENV)/.dev  ## Writes the migrations that changed models need
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --no-header

initial-migrations: APPS = accounts affiliates aitpro api clients contacts paypal_standin privacy shop
initial-migrations: $(VENV)/.dev  ## Writes each app's 0001_initial anew from its models; only while nothing is released
	find $(APPS) -path '*/migrations/0001_initial.py' -delete
	find $(APPS) -path '*/migrations/0*.py' -exec mv {} {}.aside \;
	-DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --no-header
	-PAYPAL_STANDIN_DATA_DIR=$$(mktemp -d) DJANGO_SETTINGS_MODULE=paypal_standin.settings $(BIN)/python -m django makemigrations --no-header
	find $(APPS) -name '*.py.aside' -exec sh -c 'mv "$$1" "$${1%.aside}"' _ {} \;

deploy-check: $(VENV)/.dev  ## Django's checks under production settings
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	ENCRYPTION_KEYS=$$($(BIN)/python manage.py generate_key) SITE_URL=https://www.example.com TRUSTED_PROXIES=127.0.0.1/32 \
	PAYPAL_MODE=live PAYPAL_CLIENT_ID=id PAYPAL_CLIENT_SECRET=secret PAYPAL_WEBHOOK_ID=webhook \
	EMAIL_URL=smtp+tls://user:password@127.0.0.1:587 \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

SAMPLED = $$(grep -rl "from tests.samples import" tests)  # they try only some steps in the suite

chaos: $(VENV)/.dev  ## Faults in all processes under people, and long runs of the generated tests, on both databases (CHAOS_SEED=… repeats a plan)
	$(BIN)/python -m pytest -s -m chaos
	$(BIN)/python -m tests.postgres -m pytest -s -m chaos
	$(BIN)/python -m pytest tests/site/outages/test_locked_and_full_sqlite.py
	CHAOS=1 $(BIN)/python -m pytest $(SAMPLED)
	CHAOS=1 $(BIN)/python -m tests.postgres -m pytest $(SAMPLED)

mutation: $(VENV)/.dev  ## Mutation testing: changes the code step by step; a test must notice (hours; ONLY="privacy/encryption/tokens.py" is faster)
	$(BIN)/python -m tests.mutation $(ONLY)

# PostgreSQL waits for the disk here, as in production. A missed target is a line of the report, not an error.
bench: $(SERVERS)/.bench  ## Speed against floors on both databases, into docs/performance.md (an hour; ONLY="pages clicking" is faster); needs wrk
	-$(BIN)/python -m benchmarks --json docs/performance.json $(ONLY)
	-DURABLE=1 $(BIN)/python -m tests.postgres -m benchmarks --json docs/performance.json $(ONLY)
	$(BIN)/python -m benchmarks.performance_doc

bench-quick: $(VENV)/.dev  ## The most important of it with fewer rounds, on both databases within three minutes; into var/bench-quick.json
	-$(BIN)/python -m benchmarks --quick --json var/bench-quick.json $(ONLY)
	-DURABLE=1 $(BIN)/python -m tests.postgres -m benchmarks --quick --json var/bench-quick.json $(ONLY)

memory: $(VENV)/.dev  ## The memory of the web workers under mixed load, for an hour (Linux)
	$(BIN)/python -m tests.production.memory

audit: $(VENV)/.dev  ## Known vulnerabilities of the pinned packages (needs the network)
	$(BIN)/python -m supply_chain.audit

sbom: $(VENV)/.dev  ## The software bill of materials (CycloneDX), on standard output
	@$(BIN)/python -m supply_chain.sbom

dist: $(VENV)/.dev  ## A release in dist/: archive, software bill of materials, hashes; the same bytes everywhere
	@$(BIN)/python -m supply_chain.dist

# Versions that are pinned already stay, unless UPGRADE=--upgrade.
pins: $(PINS)/.run  ## Pins all packages with their hashes, from requirements*.txt (needs the network)
	$(COMPILE) requirements.txt --python-version 3.11 --output-file pins/run.txt
	$(COMPILE) requirements-dev.txt --python-version 3.11 --constraint pins/run.txt --output-file pins/dev.txt
	$(COMPILE) requirements-next.txt --python-version 3.12 --no-deps --output-file pins/next.txt
	$(COMPILE) requirements-pins.txt --python-version 3.11 --output-file pins/uv.txt
	$(COMPILE) requirements-servers.txt --python-version 3.11 --constraint pins/run.txt --output-file pins/servers.txt

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Removes the installed packages, not the demo's data
	rm -rf $(VENV) $(NEXT) $(PINS) $(SERVERS)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pins/run.txt | $(VENV)/bin/python
	$(BIN)/python $(INSTALL) pins/run.txt
	@touch $@

$(VENV)/.dev: pins/dev.txt $(VENV)/.run
	$(BIN)/python $(INSTALL) pins/dev.txt
	@touch $@

# Other servers, for `make bench` alone, which puts this folder before the site's packages.
$(SERVERS)/.bench: pins/servers.txt $(VENV)/.dev
	$(BIN)/python $(INSTALL) pins/servers.txt --target $(SERVERS)
	@touch $@

$(NEXT)/bin/python:
	@test -n "$(NEXT_PYTHON)" || { echo "make test-next needs Python 3.13 or 3.12 on the PATH or under pyenv (pyenv install 3.13), or make test-next NEXT_PYTHON=…"; exit 1; }
	$(NEXT_PYTHON) -m venv $(NEXT)

# What requirements-next.txt pins replaces what was installed before.
$(NEXT)/.dev: pins/dev.txt pins/next.txt | $(NEXT)/bin/python
	$(NEXT)/bin/python $(INSTALL) pins/dev.txt
	$(NEXT)/bin/python $(INSTALL) pins/next.txt
	$(NEXT)/bin/python -m pip check
	@touch $@

$(PINS)/.run: pins/uv.txt
	$(PYTHON) -m venv $(PINS)
	$(PINS)/bin/python $(INSTALL) pins/uv.txt
	@touch $@

.env: | $(VENV)/.run
	@$(BIN)/python -m aitpro.fresh_env
