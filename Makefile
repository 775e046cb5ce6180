# A thin front: each target is one script, for machines without make as well.
.PHONY: help demo check test test-all soak docs catalogues frontend screenshot gallery

help:
	@echo "make demo         the sample shop on http://127.0.0.1:8501 (PORT=8502 for another port)"
	@echo "make check        lint, types and the fastest tests, in under 90 seconds"
	@echo "make test         every quick test, in Chromium too; ARGS='-k inventory' for some"
	@echo "make test-all     those and tests of whole shops, of real data and of Spark"
	@echo "make soak         long fuzzing, thousands of kills, hundreds of trainings: takes hours"
	@echo "make docs         write docs/data-contract.md and docs/reference/ anew from the code"
	@echo "make catalogues   bring the translation catalogues up to date with the sources"
	@echo "make frontend     compile the pages' own components, dashboard/components/*/*.ts; needs Node.js"
	@echo "make gallery      take and check pictures of every page: languages, themes, widths, four shops; a quarter of an hour"
	@echo "make screenshot   take docs/screenshot.png from the running demo"

demo:
	@PORT="$(PORT)" scripts/demo.sh

check:
	@scripts/check.sh

test:
	@scripts/test.sh test $(ARGS)

test-all:
	@scripts/test.sh all $(ARGS)

soak:
	@scripts/test.sh soak $(ARGS)

docs:
	@scripts/environment.sh run && .venv/bin/python scripts/data_contract.py && .venv/bin/python scripts/settings_reference.py && .venv/bin/python scripts/cli_reference.py && .venv/bin/python scripts/layouts_reference.py && .venv/bin/python scripts/tried_exports.py

catalogues:
	@scripts/environment.sh run && .venv/bin/python scripts/catalogues.py

frontend:
	@scripts/environment.sh run && .venv/bin/python scripts/frontend.py

screenshot:
	@scripts/environment.sh dev && .venv/bin/python scripts/screenshot.py

gallery:
	@scripts/environment.sh dev && .venv/bin/python scripts/gallery.py
