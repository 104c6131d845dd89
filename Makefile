# Every target sets up what it needs: a fresh clone needs nothing but Python 3.11+ and make.
# TORCH_BACKEND=auto|cu128|… picks another build of PyTorch than the CPU's; see docs/gpu.md.

PYTHON ?= python3
STORE ?=
LIMIT ?= 60
LANDASK_STORE := $(if $(STORE),--store $(STORE),)
BIN := .venv/bin
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export TORCH_BACKEND ?= cpu
PARTS := @$(BIN)/python -m retrieval.parts

.PHONY: attack ask app test lint bench data evals routers scoreboard browser clean

# What asking needs (about 0.4 GB); retrieval/parts.py brings the rest with the part that needs it.
.venv/ready: pyproject.toml constraints.txt
	@echo "setting up .venv, once: about 0.4 GB …" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet -c constraints.txt -r pyproject.toml
	@touch $@

ask: .venv/ready  ## make ask q="where is vineyard in Hérault?"
	@$(BIN)/python -m agent ask $(LANDASK_STORE) "$$q"

app: .venv/ready  ## the chat page on http://127.0.0.1:7860
	$(PARTS) page files pixels models estimates mcp
	@$(BIN)/python app.py $(LANDASK_STORE)

browser: .venv/ready
	@.ci/browser

test: .venv/ready browser  ## the whole suite
	$(PARTS) test
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

attack: .venv/ready  ## attack a page of its own on loopback; writes the table of docs/security.md (half an hour)
	@$(BIN)/python -m tests.hostile.attack --write $(ARGS)

lint: .venv/ready  ## style, types and layers
	$(PARTS) test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/ty check && PYTHONPATH=. $(BIN)/lint-imports --no-cache

data: .venv/ready  ## real data from the public sources: LUCAS 2022, NUTS, statistics (DATA="--country FR --yes")
	@$(BIN)/python -m retrieval fetch all $(LANDASK_STORE) $(DATA)

bench: .venv/ready  ## every benchmark, as ratios
	$(PARTS) test
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

evals: .venv/ready  ## measure the deterministic suites; SUITES="questions places" ROUTER=… LLM=… for others
	$(PARTS) test
	@$(BIN)/python -m evals run $(or $(SUITES),questions places classes robustness) --router $(or $(ROUTER),builtin) \
		$(if $(LLM),--llm $(LLM),)

routers: .venv/ready  ## compare what plans: the rules, and MODEL=path.gguf in three ways; LIMIT=60 rows
	$(PARTS) test
	@$(BIN)/python -m evals run questions --router builtin
	@$(if $(MODEL),$(SERVED))
	@$(BIN)/python -m evals report --out out/routers.md --html out/evals.html --json out/evals.json

# The model behind Ollama's protocol for as long as it is measured.
define SERVED
mkdir -p out; rm -f out/served.txt; $(BIN)/python -m tests.llm.gguf $(MODEL) --port 11435 > out/served.txt & \
server=$$!; trap "kill $$server" EXIT; export OLLAMA_HOST=127.0.0.1:11435; \
until grep -qs ollama: out/served.txt; do sleep 1; kill -0 $$server || exit 1; done; \
run="$(BIN)/python -m evals run --trials 1 --limit $(LIMIT) --llm $$(sed 's/.*--llm //' out/served.txt)"; \
$$run questions --router schema && $$run strategies --router schema --strategy prompt && \
$$run strategies --router schema --strategy rag && $$run strategies --router tools --strategy agent
endef

scoreboard: .venv/ready  ## measure what needs no language model, then write docs/scoreboard.md of all runs kept
	$(PARTS) test
	@$(BIN)/python -m evals run questions places classes robustness
	@$(BIN)/python -m evals run classifier distortion --reuse
	@$(BIN)/python -m evals report --out docs/scoreboard.md --html out/evals.html --json out/evals.json

clean:
	rm -rf .venv .pytest_cache .ruff_cache
