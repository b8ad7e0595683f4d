# Two commands matter: `make demo` and `make test`. Each sets up everything it needs by itself.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.ready
EXTRAS := demo report keyring lm-eval language embedding minhash review dev # all but gemma, whose terms are its own

.PHONY: demo test hunt check bench lock clean help

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## one whole bootstrap round on the bundled model: under ten minutes on two cores
	$(BIN)/selfinstruct run configs/quickstart.yaml

test: check ## lint, types and every test, the ones on real models included
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not gpu" -n 2 --dist worksteal --durations=8

hunt: $(READY) ## the laws alone, each on a thousand new cases
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow and not gpu" -n 2 --hypothesis-profile=hunt tests

check: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## the benchmarks, with their goals beside the results
	$(BIN)/python benchmarks/novelty.py
	$(BIN)/python benchmarks/verdicts.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/review.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/teacher.py
	$(BIN)/python benchmarks/faults.py

lock: $(BIN)/uv ## resolve requirements.lock anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes $(EXTRAS:%=--extra %) \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## remove the environment; runs stay
	rm -rf .venv

$(BIN)/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(BIN)/uv requirements.lock pyproject.toml
	@echo "installing into .venv (torch with its CUDA libraries is about 3 GB on Linux) ..."
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)
