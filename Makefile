# The commands of this project; README names the plain ones behind them.
#   make run PORT=7861       another port
#   make run PYTHON=python3.11   another Python
PYTHON ?= python3
VENV ?= .venv
PORT ?=
PY := $(VENV)/bin/python

.PHONY: run test bench weights evaluate readme site space notebooks errors picture

run: $(VENV)/run.stamp
	$(PY) -m app $(if $(PORT),--port $(PORT))

test: $(VENV)/test.stamp
	@command -v chromium >/dev/null || echo "No Chromium: the tests of the page need it (apt-get install chromium)."
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m tests.biome check
	$(PY) -m pyright --pythonpath $(PY)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/test.stamp
	$(PY) -m tests.bench

# From nothing to the files in assets/weights. Each command takes up where it was interrupted.
weights: $(VENV)/run.stamp
	$(PY) -m core.training.clip
	$(PY) -m core.training stop
	$(PY) -m core.training stpn
	$(PY) -m core.training tspo
	$(PY) -m core.training tspo --seed 1 --only both answer --out assets/weights/compared/tspo_1.safetensors
	$(PY) -m core.training tspo --seed 2 --only both answer --out assets/weights/compared/tspo_2.safetensors
	$(PY) -m core.training videostreaming
	$(PY) -m core.training swinbert
	for seed in 1 2; do $(PY) -m core.training swinbert --seed $$seed \
		--only log_sigmoid full identity random inherited scratch --losses-only inherited scratch || exit 1; done
	for seed in 0 1 2; do $(PY) -m core.training videolucy --seed $$seed || exit 1; done

# What the weights are worth, the tables of it in the READMEs of the methods, and the curve over α in the page's fold Sweep.
evaluate: $(VENV)/run.stamp
	$(PY) -m core.evaluate stop --clips 240 --json assets/weights/metrics_stop.json
	$(PY) -m core.evaluate stpn --clips 48 --json assets/weights/metrics_stpn.json
	$(PY) -m core.evaluate tspo --clips 240 --json assets/weights/metrics_tspo.json
	$(PY) -m core.evaluate videostreaming --clips 40 --json assets/weights/metrics_videostreaming.json
	$(PY) -m core.evaluate swinbert --clips 240 --json assets/weights/metrics_swinbert.json
	$(PY) -m core.evaluate videolucy --videos 12 --json assets/weights/metrics_videolucy.json
	$(PY) -m core.evaluate frames --json assets/weights/metrics_frames.json
	$(PY) -m core.report

# The run that the tab Errors shows at first: clips whose truth is known, at two settings.
errors: $(VENV)/run.stamp
	rm -rf assets/runs/world
	$(PY) -m core.workbench run assets/runs/world --world 120 --method stop --set --set alpha=0.8 --counterfactuals freeze,reverse

readme: $(VENV)/run.stamp
	$(PY) -m core.report

# The picture of the page in README.
picture: $(VENV)/test.stamp
	$(PY) -m tests.picture

# The page that needs no server: static files for any host, in build/site. To look at it: python -m http.server --directory build/site
site: $(VENV)/test.stamp
	$(PY) -m app.site --out build/site

# Folders to upload as Hugging Face Spaces: one with a machine, and one of static files.
space: $(VENV)/test.stamp
	$(PY) -m space
	$(PY) -m space --static

# Their cells are the stages' own text, their pictures those of the weights.
notebooks: $(VENV)/run.stamp
	$(PY) -m demos.build

# A stamp is newer than the list it was installed from, so nothing is installed twice.
$(VENV)/run.stamp: requirements.txt | $(PY)
	$(PY) -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/test.stamp: requirements.txt requirements-test.txt | $(PY)
	$(PY) -m pip install --quiet -r requirements-test.txt
	touch $(VENV)/run.stamp $@

$(PY):
	@$(PYTHON) -c 'import sys; (3, 10) <= sys.version_info[:2] <= (3, 12) or sys.exit("Python 3.10 to 3.12 is needed, $(PYTHON) is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
