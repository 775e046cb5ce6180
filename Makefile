# A thin front: each target is one script, for machines without make as well.
.PHONY: help demo test screenshot docs catalogues

help:
	@echo "make demo         the sample shop on http://127.0.0.1:8501 (PORT=8502 for another port)"
	@echo "make test         every test; ARGS='-k inventory' for some"
	@echo "make docs         write docs/data-contract.md and docs/reference/settings.md anew from the code"
	@echo "make catalogues   bring the translation catalogues up to date with the sources"
	@echo "make screenshot   take docs/screenshot.png from the running demo"

demo:
	@PORT="$(PORT)" scripts/demo.sh

test:
	@scripts/test.sh $(ARGS)

docs:
	@scripts/environment.sh run && .venv/bin/python scripts/data_contract.py && .venv/bin/python scripts/settings_reference.py

screenshot:
	@scripts/environment.sh dev && .venv/bin/python scripts/screenshot.py

catalogues:
	@scripts/environment.sh run && .venv/bin/python scripts/catalogues.py
