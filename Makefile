# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything runs in virtual environments under .venv, made from tests/requirements*.txt by the first target that needs
# one. Set PYTHON to choose the Python that they are made with.
PYTHON = $(shell sh tests/gates/find_python.sh)
QUICK_GATES = lint types docs-lint changelog licenses workflows
# The longest first, so that the last two end together.
GATES = integration units awx tries sanity report ansible-lint bench-counts galaxy docs $(QUICK_GATES)

# A caller's Python settings would reach into the virtual environments.
unexport PYTHONHOME PYTHONPATH

.PHONY: help
help:
	@echo 'make demo     run the main job with real playbooks against the simulator'
	@echo 'make test     run every gate, two at a time'
	@echo 'make GATE     run one gate: $(GATES)'
	@echo 'make quick    run the gates that take seconds: $(QUICK_GATES)'
	@echo 'make tarball  build the collection as users get it'
	@echo 'make matrix   units, integration and sanity on each release of ansible-core; CORES="2.16 2.18" takes only these'
	@echo 'make mutants  see whether the tests notice each small change of the engine; ROOMS="lock pace" takes only these'
	@echo 'make bench    measure what the collection costs; ROWS="uri-1 tls" takes only these rows, PAIRS=3 three turns of each'
	@echo 'make format   format the Python files and fix what can be fixed'
	@echo 'make clean    remove what the other targets made, caches outside the checkout included'

.PHONY: demo
demo: .venv/demo/.ready
	.venv/demo/bin/python tests/demo/run.py "$$(.venv/demo/bin/python -m tests.gates.stage)"

.PHONY: test
test:
	@$(MAKE) --no-print-directory --jobs=2 .venv/test/.ready .venv/awx/collections
	@.venv/test/bin/python -m tests.gates $(GATES)

.PHONY: $(GATES)
$(GATES): .venv/test/.ready
	@.venv/test/bin/python -m tests.gates $@

.PHONY: quick
quick: .venv/test/.ready
	@.venv/test/bin/python -m tests.gates $(QUICK_GATES)

.PHONY: tarball
tarball: .venv/test/.ready
	@.venv/test/bin/python -m tests.gates.stage --tarball

.PHONY: matrix
matrix: .venv/test/.ready
	@.venv/test/bin/python -m tests.gates.matrix $(CORES)

.PHONY: mutants
mutants: .venv/mutants/.ready
	@.venv/mutants/bin/python -m tests.gates.mutants $(ROOMS)

awx: .venv/awx/collections

.PHONY: bench
bench: .venv/test/.ready
	@.venv/test/bin/python -m tests.bench $(if $(ROWS),--rows $(ROWS)) $(if $(PAIRS),--pairs $(PAIRS))

.PHONY: format
format: .venv/test/.ready
	.venv/test/bin/ruff check --fix-only .
	.venv/test/bin/ruff format .

.PHONY: clean
clean:
	$(PYTHON) -m tests.gates.stage --remove
	rm -rf .venv .ansible .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache docs/build tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo/.ready: tests/requirements-demo.txt requirements.txt
.venv/test/.ready: tests/requirements.txt tests/requirements-demo.txt requirements.txt
.venv/mutants/.ready: tests/requirements-mutants.txt tests/requirements-demo.txt requirements.txt
.venv/awx/.ready: tests/requirements-awx.txt requirements.txt
# Most of what is installed is never imported; Python compiles the rest when it is.
.venv/%/.ready:
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --requirement $<
	touch $@

.venv/awx/collections: tests/gates/get_awx.py .venv/awx/.ready
	$(@D)/bin/python $< $@
	touch $@
