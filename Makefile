# A thin front: each target is one script, for machines without make as well.
.PHONY: help demo check test test-all soak docs catalogues screenshot

help:
	@echo "make demo         the sample shop on http://127.0.0.1:8501 (PORT=8502 for another port)"
	@echo "make check        lint, types and the fastest tests, in under 90 seconds"
	@echo "make test         every test of a change; ARGS='-k inventory' for some"
	@echo "make test-all     those, and the checks on real data and whole shops"
	@echo "make soak         what takes longer: fuzzing, thousands of kills, whole shops"
	@echo "make docs         write docs/data-contract.md and docs/reference/settings.md anew from the code"
	@echo "make catalogues   bring the translation catalogues up to date with the sources"
	@echo "make screenshot   take docs/screenshot.png from the running demo"

demo:
	@PORT="$(PORT)" scripts/demo.sh

check:
	@scripts/check.sh

test:
	@scripts/test.sh $(ARGS)

test-all:
	@scripts/test.sh --whole -m "not soak" $(ARGS)

soak:
	@scripts/test.sh -m soak $(ARGS)

docs:
	@scripts/environment.sh run && .venv/bin/python scripts/data_contract.py && .venv/bin/python scripts/settings_reference.py

catalogues:
	@scripts/environment.sh run && .venv/bin/python scripts/catalogues.py

screenshot:
	@scripts/environment.sh dev && .venv/bin/python scripts/screenshot.py
