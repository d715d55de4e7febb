# `make` alone lists the targets. A fresh machine needs Python 3.11 or newer and make, nothing else:
# every target that needs packages installs them first, pinned and with hashes, into .venv.

VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
READY := $(VENV)/.ready

# The interpreter that .venv is made with: `make setup PYTHON=/path/to/python3.13`. Tried in the
# order in which the pins are tested; a name that exists but does not run is passed over.
ifndef PYTHON
PYTHON := $(shell for name in python3.12 python3.13 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$name"; break; }; done)
endif

QUICK_TESTS := tests/spec tests/unit tests/architecture tests/functional
# Two processes; the tests of one file share their servers and stay together.
SIDE_BY_SIDE := -n 2 --dist loadfile
# Heavy tests that count no seconds and kill nobody: they may run side by side.
ALONE_IN_THEIR_SERVERS := tests/spec tests/functional/test_specs_through_the_ehr.py \
	tests/functional/test_stories_through_the_ehr.py \
	tests/functional/test_imitated_products.py tests/functional/test_presets_with_faults.py \
	tests/unit/test_any_sequence.py tests/unit/store/test_several_processes.py \
	$(addprefix tests/unit/cli/test_cli_,auditing.py subscribing.py) \
	$(addprefix tests/functional/test_,limits.py smart_login.py facts_arrive.py told_by_messages.py \
	going_live.py taking_back.py sweep_by_bulk.py acts_are_audited.py openapi_fuzzed.py \
	a_no_said_elsewhere.py cards.py ledger_rebuilt.py wrong_settings.py \
	reading_a_real_server.py simulate.py worklist.py clock_and_outages.py)
CODE := service workers fhir_profiles scripts
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help setup demo test cover test-heavy test-hapi test-hapi-hospital test-hapi-alone \
	test-faults test-third-party test-browser check fix docs bench pins

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
	| while IFS='|' read -r target words; do printf '  %-16s %s\n' "$$target" "$$words"; done

setup: $(READY) ## Make .venv with every pinned package and BoneFlag itself

# pip checks every package against its hash. BoneFlag itself is installed without its dependencies
# (they are there) and without build isolation, which would fetch an unpinned setuptools.
$(READY): requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed:" \
		"install it, or say which one with make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made:" \
		"on Debian and Ubuntu install the package python3-venv"; exit 1; }
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## Run the main job on an invented hospital with embedded everything
	$(BIN)/boneflag demo

test: $(READY) ## Specs, unit, architecture and functional tests (under three minutes)
	$(RUN) -m pytest $(QUICK_TESTS) -m "not heavy and not hapi" $(SIDE_BY_SIDE) --durations=5 \
		$(if $(COVER),--cov --cov-report=)
	$(if $(COVER),$(RUN) -m coverage report --include='service/screening/*' --fail-under=100)
	$(if $(COVER),$(RUN) -m coverage report --omit='service/screening/*' --fail-under=90)

cover: ## The same tests under coverage: every branch of the thinking
	@$(MAKE) test COVER=yes

test-heavy: $(READY) ## Tests that take longer: killed workers, the book through an EHR, every number moved
	$(RUN) -m pytest $(ALONE_IN_THEIR_SERVERS) -m heavy $(SIDE_BY_SIDE)
	$(RUN) -m pytest tests -m "heavy and not hapi" $(addprefix --ignore=,$(ALONE_IN_THEIR_SERVERS))

# What needs the hospital with its workers, and beside it what needs a server alone.
IN_THE_HOSPITAL := $(addprefix tests/hapi/,test_the_straight_line.py test_ways_of_reading.py \
	test_worked_charts.py)

test-hapi: $(READY) ## The same claims on a real HAPI FHIR server (needs Java 17 and Maven)
	@$(MAKE) --jobs=2 --output-sync=target test-hapi-hospital test-hapi-alone

test-hapi-hospital: $(READY)
	$(RUN) -m pytest $(IN_THE_HOSPITAL) --durations=8

test-hapi-alone: $(READY)
	$(RUN) -m pytest tests/hapi $(addprefix --ignore=,$(IN_THE_HOSPITAL)) --durations=8

test-faults: $(READY) ## Ten thousand injected faults, and exactly one alert (FAULTS_SEED=… repeats a run)
	$(RUN) -m pytest tests/faults -n 2

test-third-party: $(READY) ## Servers of other people: an independent FHIR router, an OAuth 2 server (needs Node)
	$(RUN) -m pytest tests/third_party

test-browser: $(READY) ## The pages in a real Chromium, on the hospital of the demo
	$(RUN) -m pytest tests/browser --durations=5

check: $(READY) ## Lint, format, types, import contracts, generated files
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy $(CODE)
	$(BIN)/lint-imports
	$(RUN) scripts/build_fhir_profiles.py --check
	$(RUN) scripts/build_fhir_package.py --check
	$(RUN) scripts/print_settings.py --check
	$(RUN) scripts/print_vendors.py --check
	$(RUN) scripts/print_criteria.py --check
	$(RUN) scripts/print_stories.py --check

fix: $(READY) ## Let ruff repair and format what it can
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

docs: $(READY) ## Write the generated files anew: value sets, FHIR package, settings, criteria
	$(RUN) scripts/build_fhir_profiles.py
	$(RUN) scripts/build_fhir_package.py
	$(RUN) scripts/print_settings.py
	$(RUN) scripts/print_vendors.py
	$(RUN) scripts/print_criteria.py
	$(RUN) scripts/print_stories.py

bench: $(READY) ## Measure; docs/performance.md says what was measured last
	$(RUN) -m benchmarks

pins: ## Resolve the pins anew (PINS=--upgrade for newer versions)
	test -x build/pins/bin/uv || { $(PYTHON) -m venv build/pins \
		&& build/pins/bin/pip install --quiet uv==$(UV_VERSION); }
	UV=build/pins/bin/uv PINS=$(PINS) scripts/pin_requirements.sh
