# Everything a developer does. `make` alone lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
HOST ?= 127.0.0.1
export PORT HOST

ifeq ($(strip $(PYTHON)),)
$(error Python 3.11 is needed. On Debian 12: sudo apt-get install -y python3.11)
endif

.DEFAULT_GOAL := help
.PHONY: help run dev test lint format lock messages bench storm

help:  ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run:  ## Set up everything and start the portal (PORT=8000, HOST=127.0.0.1)
	@exec $(PYTHON) bin/run.py

dev:  ## The same with automatic reload and detailed error pages
	@exec $(PYTHON) bin/run.py --dev

test:  ## Set up everything and run the whole test suite (ARGS="tests/hubs -x" for a part)
	@exec $(PYTHON) bin/test.py $(ARGS)

lint:  ## Check style, layers, types, migrations, templates and locks
	@exec $(PYTHON) bin/lint.py

format:  ## Put every source file into its standard form
	@exec $(PYTHON) bin/lint.py --format

lock:  ## Resolve requirements*.in to requirements*.txt, with hashes
	@exec $(PYTHON) bin/lock.py $(ARGS)

messages:  ## Gather the words of the interface and compile their translations
	@exec $(PYTHON) bin/messages.py

bench:  ## Count what each page costs; with SIZE=10k|100k|1m what finding costs (DB=sqlite|postgres)
	@exec $(PYTHON) $(if $(SIZE),bench/scale.py --size $(SIZE) --db $(or $(DB),sqlite),bench/run.py) $(ARGS)

storm:  ## Kill everything while people are being told (DB=postgres|sqlite SIZE=small|medium|full)
	@exec $(PYTHON) bin/storm.py --db $(or $(DB),sqlite) --size $(or $(SIZE),small) $(ARGS)
