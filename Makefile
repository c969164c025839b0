# Supervox. `make` lists what there is. Everything installs into .venv by itself; set-up is
# repeated only when pyproject.toml changes. Another interpreter: make test PYTHON=/path/to/python3

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.ONESHELL:
.PHONY: help demo test test-long check lint types docs screenshots bench bench-scale format clean

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
TYPES := .supervox-mypy
ROOMS := $(patsubst %/__init__.pyi,%,$(wildcard */__init__.pyi)) napari_plugin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
DEMO := demo-output
# Three processes on two processors: a test of the window waits for half of its time. Files stay whole,
# so that what a file's tests share is made once; tests/conftest.py says in which order.
THREE_AT_A_TIME := -n 3 --dist loadfile --no-loadscope-reorder

# What Qt's window and software OpenGL need of a Debian or Ubuntu beyond its barest installation.
QT_PACKAGES := fontconfig fonts-dejavu-core libdbus-1-3 libegl1 libfontconfig1 libgl1 \
  libgl1-mesa-dri libglib2.0-0 libglx-mesa0 libopengl0 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 \
  libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 \
  libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0
# Libraries that are loaded by name, where the linker's listing doesn't show them as missing.
LOADED_BY_NAME := libEGL.so.1 libGL.so.1 libOpenGL.so.0 libdbus-1.so.3

# Shell functions for what only root can install.
define APT
as_root() { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
	apt() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$@" >/dev/null; }
endef

export PYTHONUNBUFFERED := 1

help: ## list the commands
	@echo "Supervox: segment noisy 3D volumes from a few strokes."
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(STAMPS)/supervox ## segment the built-in tomogram; show it in a window, or without a display as pictures
	@out=$(DEMO)
	mkdir -p "$$out"
	echo "1/4  A synthetic cryo soft X-ray tomogram with its ground truth and a few strokes"
	$(BIN)/supervox sample "$$out" --seed 0
	echo "2/4  From the strokes to labels of every voxel"
	$(BIN)/supervox segment "$$out/volume.tif" --annotations "$$out/strokes.tif" --output "$$out/labels.tif"
	echo "3/4  Against the ground truth, painted voxels left out"
	$(BIN)/supervox score "$$out/labels.tif" "$$out/truth.tif" --ignore "$$out/strokes.tif"
	if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] && $(MAKE) --no-print-directory $(STAMPS)/window; then
	  echo "4/4  In napari, with the strokes and the labels (close its window to end)"
	  if $(BIN)/supervox open "$$out/volume.tif" --strokes "$$out/strokes.tif" --labels "$$out/labels.tif"
	  then exit; fi
	fi
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

test: $(STAMPS)/test $(STAMPS)/headless ## run all tests, the costly ones at a small size
	@$(BIN)/python -m pytest $(THREE_AT_A_TIME) $(PYTEST)

test-long: $(STAMPS)/test $(STAMPS)/headless ## run all tests, the costly ones at their full size as well
	@$(BIN)/python -m pytest $(THREE_AT_A_TIME) -m "" $(PYTEST)

check: lint types docs ## formatting, lint, types and documentation, as CI wants them

lint: $(STAMPS)/check ## ruff: lint and formatting
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/check $(TYPES) ## mypy, strict
	@$(BIN)/mypy | sed 's|^$(TYPES)/supervox/||'

docs: $(STAMPS)/check $(TYPES) ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site
	echo "Documentation: site/index.html"

screenshots: $(STAMPS)/headless ## take the guide's pictures anew, from the real window
	@xvfb-run --auto-servernum --server-args "-screen 0 1920x1080x24" $(BIN)/python -m docs.screenshots
	echo "Pictures: docs/images/"

format: $(STAMPS)/check ## put the code into shape
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMPS)/bench ## measure accuracy, speed and memory
	@$(BIN)/python -m benchmarks $(BENCH)

bench-scale: $(STAMPS)/bench ## measure whole runs up to 256³ voxels, or LARGEST=512, LARGEST=1000; known ones with AGAIN=1
	@$(BIN)/python -m benchmarks scale $(if $(LARGEST),--largest $(LARGEST)) $(if $(AGAIN),--again)

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

# The same with napari and all formats. Types are checked against it, and the tests open its windows.
$(STAMPS)/desktop: $(STAMPS)/supervox
	@echo "Installing napari into $(VENV) ..."
	$(PIP) install --editable ".[desktop,formats]"
	touch $@

$(STAMPS)/test $(STAMPS)/check: $(STAMPS)/desktop

# What napari needs of the system to open a window, and to open it where there is no display.
$(STAMPS)/window $(STAMPS)/headless: $(STAMPS)/%: $(STAMPS)/desktop
	@$(APT)
	missing() {
	  [ "$$(uname)" = Linux ] || return 0
	  { find $(VENV)/lib/python3*/site-packages/PySide6 -name libqxcb.so -exec ldd {} + || true; } \
	    | sed -n 's/^\t\(.*\) => not found$$/\1/p'
	  known=$$(PATH="$$PATH:/sbin:/usr/sbin" ldconfig -p)
	  for library in $(LOADED_BY_NAME); do
	    case "$$known" in *"$$library "*) ;; *) echo "$$library" ;; esac
	  done
	  [ $* = headless ] || return 0
	  case "$$known" in *"libGLX_mesa.so.0 "*) ;; *) echo libGLX_mesa.so.0 ;; esac
	  command -v Xvfb >/dev/null || echo Xvfb
	}
	packages="$(QT_PACKAGES)"
	if [ $* = headless ]; then packages="$$packages xvfb"; fi
	lacking=$$(missing | sort -u)
	if [ -n "$$lacking" ] && as_root; then
	  echo "Installing what windows need of the system ..."
	  apt $$packages
	  lacking=$$(missing | sort -u)
	fi
	if [ -n "$$lacking" ]; then
	  echo "To open windows, this system lacks:" $$lacking >&2
	  echo "On Debian or Ubuntu:" >&2
	  echo "  sudo apt-get install" $$packages >&2
	  exit 1
	fi
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
	$(APT)
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
