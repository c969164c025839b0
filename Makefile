# Supervox. `make` lists what there is. Everything installs into .venv by itself; set-up is
# repeated only when pyproject.toml changes. Another interpreter: make test PYTHON=/path/to/python3

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.ONESHELL:
.PHONY: help demo test check lint types docs bench format clean

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
TYPES := .supervox-mypy
ROOMS := $(patsubst %/__init__.py,%,$(wildcard features/__init__.py napari_plugin/__init__.py \
           sample_data/__init__.py segmentation/__init__.py volumes/__init__.py))
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
DEMO := demo-output

export PYTHONUNBUFFERED := 1

help: ## list the commands
	@echo "Supervox: segment noisy 3D volumes from a few strokes."
	sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(STAMPS)/supervox ## segment the built-in tomogram, write the pictures to demo-output/
	@out=$(DEMO)
	mkdir -p "$$out"
	echo "1/4  A synthetic cryo soft X-ray tomogram with its ground truth and a few strokes"
	$(BIN)/supervox sample "$$out" --seed 0
	echo "2/4  From the strokes to labels of every voxel"
	$(BIN)/supervox segment "$$out/volume.tif" --annotations "$$out/strokes.tif" --output "$$out/labels.tif"
	echo "3/4  Against the ground truth, painted voxels left out"
	$(BIN)/supervox score "$$out/labels.tif" "$$out/truth.tif" --ignore "$$out/strokes.tif"
	echo "4/4  Pictures"
	$(BIN)/supervox picture "$$out/volume.tif" "$$out/segmentation.png" \
	  --labels "$$out/labels.tif" --strokes "$$out/strokes.tif"
	$(BIN)/supervox picture "$$out/volume.tif" "$$out/ground-truth.png" \
	  --labels "$$out/truth.tif" --strokes "$$out/strokes.tif"
	echo
	echo "Done. Look at:"
	echo "  $(CURDIR)/$$out/segmentation.png   what Supervox made of the strokes"
	echo "  $(CURDIR)/$$out/ground-truth.png   what is really there"
	echo "The labels are $$out/labels.tif. Paint your own strokes: see README.md."

test: $(STAMPS)/test ## run all tests
	@$(BIN)/python -m pytest $(PYTEST)

check: lint types docs ## formatting, lint, types and documentation, as CI wants them

lint: $(STAMPS)/check ## ruff: lint and formatting
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/check $(TYPES) ## mypy, strict
	@$(BIN)/mypy | sed 's|^$(TYPES)/supervox/||'

docs: $(STAMPS)/check $(TYPES) ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site
	echo "Documentation: site/index.html"

format: $(STAMPS)/check ## put the code into shape
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMPS)/bench ## measure accuracy, speed and memory
	@$(BIN)/python -m benchmarks $(BENCH)

clean: ## remove everything that make made
	@rm -rf $(VENV) $(TYPES) $(DEMO) build dist site *.egg-info .mypy_cache .ruff_cache \
	  .pytest_cache .hypothesis
	find $(ROOMS) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---------------------------------------------------------------------------------------- set-up

# The package with what it needs at run time.
$(STAMPS)/supervox: pyproject.toml $(VENV)/bin/python
	@echo "Installing Supervox into $(VENV) ..."
	$(PIP) install --upgrade "pip>=25.1"
	rm -rf build
	$(PIP) install --editable .
	mkdir -p $(STAMPS)
	touch $@

# One dependency group of pyproject.toml each.
$(STAMPS)/test $(STAMPS)/check $(STAMPS)/bench: $(STAMPS)/%: $(STAMPS)/supervox
	@echo "Installing what 'make $*' needs into $(VENV) ..."
	$(PIP) install --group $*
	touch $@

# mypy and mkdocstrings can't follow an editable install, so they get the packages as they are
# imported: supervox/features and so on, linked to the folders.
$(TYPES): $(addsuffix /__init__.py,$(ROOMS))
	@mkdir -p $(TYPES)/supervox
	for room in $(ROOMS); do ln -sfn "../../$$room" "$(TYPES)/supervox/$$room"; done
	touch $(TYPES)

$(VENV)/bin/python:
	@usable() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
	as_root() { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
	apt() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$@" >/dev/null; }
	find_python() {
	  for name in $(or $(PYTHON),python3 python3.13 python3.12 python3.14 python3.11); do
	    if usable "$$name"; then echo "$$name"; return; fi
	  done
	}
	python=$$(find_python)
	if [ -z "$$python" ] && [ -z "$(PYTHON)" ] && as_root; then
	  echo "No Python >= 3.11 here: installing Debian's python3 ..."
	  apt python3 python3-venv
	  python=$$(find_python)
	fi
	if [ -z "$$python" ]; then
	  found=$$($(or $(PYTHON),python3) --version 2>/dev/null || echo none)
	  echo "Supervox needs Python 3.11 or newer; found: $$found" >&2
	  echo "Install one (Debian, Ubuntu: sudo apt-get install python3 python3-venv), or name yours:" >&2
	  echo "  make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2
	  exit 1
	fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
	  package=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
	  if as_root; then
	    echo "This Python can't make virtual environments: installing $$package ..."
	    apt "$$package"
	  else
	    echo "This Python can't make virtual environments. Install the missing part:" >&2
	    echo "  sudo apt-get install $$package" >&2
	    exit 1
	  fi
	fi
	"$$python" -m venv $(VENV)
