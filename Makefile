# make run     the window on a ready demo       make test      what continuous integration runs
# make setup   all that both need, in .venv     make test-all  slow tests too    make bench  ratios

PYTHON := .venv/bin/python
# Software OpenGL in the thread that draws: the other core has tests of its own.
SCREEN := LP_NUM_THREADS=0 xvfb-run -a -s "-screen 0 1600x1000x24"

# The window's tests, in two processes that follow each other, and all others with those of its
# parts: each on a core and a screen of its own.
PARTS := $(addprefix tests/gui/,charts look start view __pycache__)
WHOLE := $(filter-out $(PARTS),$(patsubst %/,%,$(wildcard tests/gui/*/)) $(wildcard tests/gui/test_*.py))
halves = ($(SCREEN) -n 150 $(PYTHON) -m pytest -m "$(1)" $(filter-out tests/gui/desk,$(WHOLE)); gui=$$?; \
	$(SCREEN) -n 150 $(PYTHON) -m pytest -m "$(1)" tests/gui/desk; exit $$((gui + $$?))) \
	> .venv/gui.log 2>&1 & \
	gui=$$!; $(SCREEN) -n 250 $(PYTHON) -m pytest -m "$(1)" $(WHOLE:%=--ignore %); rest=$$?; \
	wait $$gui; gui=$$?; cat .venv/gui.log; exit $$((rest + gui))

.PHONY: setup run test test-all bench check clean

setup: .venv/ready

.venv/ready: pyproject.toml .ci/setup.sh .ci/constraints.txt
	@.ci/setup.sh
	@touch $@

run: setup
	@$(PYTHON) main.py demo

check: setup
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy --no-error-summary
	@PYTHONPATH=. .venv/bin/lint-imports --no-logo

test: check
	@$(call halves,not slow and not benchmark)

test-all: check
	@$(call halves,not benchmark)

bench: setup
	@$(SCREEN) $(PYTHON) -m pytest -m benchmark -s

clean:
	rm -rf .venv build dist *.egg-info
