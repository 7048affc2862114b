# A thin front to tox; every target also runs without make.
.DEFAULT_GOAL := help
TOX := .venv/bin/tox

.PHONY: help check test demo

help: ## Show this help
	@sed -n 's/^\([a-z]*\): .*## /\1\t/p' $(MAKEFILE_LIST)

$(TOX):
	python3 -m venv .venv
	.venv/bin/pip install -q tox

check: $(TOX) ## Style, types, layers and the unit tests
	$(TOX) -e pep8,mypy,imports,unit

test: $(TOX) ## All tests, the style checks among them
	$(TOX)

demo: $(TOX) ## The main job, end to end
	$(TOX) -e demo
