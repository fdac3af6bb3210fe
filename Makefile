# One target per task; `make help` lists them. Everything lives in .venv, build and out.

PYTHON ?= python3
# The CPU and CUDA builds of torch have the same name; point pip at the build you want.
TORCH ?= torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
OLDEST := build/oldest
FOLDERS := cli custom_ops export models runtime training zoo
CPP := $(shell find custom_ops runtime tests -name '*.cc' -o -name '*.c' -o -name '*.h' -o -name '*.hpp' -o -name '*.inc')
BUILD_FILES := $(CPP) CMakeLists.txt $(shell find custom_ops runtime -name CMakeLists.txt -o -name '*.cmake' -o -name '*.in' -o -name '*.map')

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help install demo test pytest oldest test-cpp sanitize arm arm-predictions lint format \
        typing fuzz bench-kernels bench-models bench-training bench-engine headers web wheels clean

help:  ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/pyvenv.cfg:
	@echo "== Creating the virtual environment $(VENV)"
	$(PYTHON) -m venv $(VENV)

# Dependencies change rarely: they are installed once per pyproject.toml.
$(VENV)/.dependencies: pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "== Installing dependencies (torch is the large one)"
	$(BIN)/python -m pip install --upgrade pip
	$(BIN)/python -m pip install "$(TORCH)"
	$(BIN)/python -m pip install "scikit-build-core>=0.11" "ninja>=1.11" cmake
	@touch $@

# The package itself is rebuilt when a C++ source changes; Python files are used where they lie.
$(VENV)/.installed: $(VENV)/.dependencies $(BUILD_FILES) | $(VENV)/pyvenv.cfg
	@echo "== Building the kernels and installing addersr"
	$(BIN)/python -m pip install --no-build-isolation --editable ".[dev]"
	@touch $@

install: $(VENV)/.installed  ## set up .venv with everything, editable

demo: $(VENV)/.installed  ## export, check, benchmark and use the shipped model; results in out/
	@$(BIN)/python -m addersr.cli.demo --output out

test: lint test-cpp sanitize arm fuzz pytest oldest  ## set up, then run every test

pytest: $(VENV)/.installed  ## the tests in .venv
	@echo "== Tests, newest onnxruntime, editable install"
	$(BIN)/python -m pytest

# The wheel, without torch, on the oldest onnxruntime that we support.
oldest: $(OLDEST)/.installed  ## the tests that need no torch, on onnxruntime 1.18
	@if [ -x $(OLDEST)/bin/python ]; then \
	  echo "== Tests, onnxruntime 1.18, installed wheel without torch"; \
	  $(OLDEST)/bin/python -m pytest -p no:cacheprovider \
	    tests/custom_ops tests/runtime tests/zoo tests/cli; \
	else \
	  echo "== Skipped the tests on onnxruntime 1.18: it has no wheel for this Python"; \
	fi

$(OLDEST)/.installed: $(VENV)/.installed $(shell find $(FOLDERS) package -name '*.py' -o -name '*.json' -o -name '*.onnx' -o -name '*.safetensors')
	@mkdir -p $(OLDEST)
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then \
	  set -e; \
	  echo "== Building the wheel and installing it beside onnxruntime 1.18"; \
	  rm -rf build/wheel; \
	  $(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir build/wheel .; \
	  [ -x $(OLDEST)/bin/python ] || $(PYTHON) -m venv $(OLDEST); \
	  $(OLDEST)/bin/python -m pip install --quiet --upgrade pip; \
	  $(OLDEST)/bin/python -m pip install --quiet --force-reinstall --no-deps build/wheel/*.whl; \
	  $(OLDEST)/bin/python -m pip install build/wheel/*.whl \
	    "onnxruntime==1.18.1" "numpy<2" "onnx>=1.19" pytest hypothesis jsonschema scikit-image; \
	fi
	@touch $@

# The kernels' contract tests in C++. They skip with a message where a tool is missing.
CPP_TESTS := CMAKE=$(BIN)/cmake tests/custom_ops/cpp/run.sh

test-cpp: $(VENV)/.installed  ## the kernels' tests in C++, with guard pages around every buffer
	@$(CPP_TESTS) native

sanitize: $(VENV)/.installed  ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(CPP_TESTS) sanitize

arm: $(VENV)/.installed  ## the same, cross-built for 64-bit Arm, under qemu
	@$(CPP_TESTS) arm

# Each fuzzer for FUZZ_SECONDS (60), both at once.
fuzz: $(VENV)/.installed  ## libFuzzer on the embedding library: hostile models, frames that cannot be
	@CMAKE=$(BIN)/cmake runtime/embedding/fuzz/run.sh

arm-predictions: arm  ## instruction counts of the Arm kernels, and llvm-mca's predictions
	@$(BIN)/python tools/arm_predictions.py

# A tree in which the folders bear their names inside the package, for mypy and editors.
typing: build/typing/addersr/__init__.py
build/typing/addersr/__init__.py: $(wildcard package/addersr/*)
	@mkdir -p build/typing/addersr
	@ln -sfn $(foreach folder,$(FOLDERS),$(CURDIR)/$(folder)) build/typing/addersr/
	@ln -sf $(foreach file,$(wildcard package/addersr/*),$(CURDIR)/$(file)) build/typing/addersr/
	@touch -h $@

lint: $(VENV)/.installed typing  ## ruff, mypy strict, import arrows, clang-format
	@echo "== Lint"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd build/typing && MYPYPATH=. ../../$(BIN)/mypy --config-file ../../pyproject.toml -p addersr
	$(BIN)/mypy tools
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror $(filter %.cc %.c %.h %.hpp,$(CPP))

format: $(VENV)/.installed  ## let ruff and clang-format rewrite the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(filter %.cc %.c %.h %.hpp,$(CPP))

wheels: $(VENV)/.installed  ## portable wheels for x86-64 and aarch64, audited and tried; in dist/
	@$(BIN)/python tools/portable_wheels.py

bench-kernels: $(VENV)/.installed  ## AdderConv and whole layers beside onnxruntime's Conv
	$(BIN)/python -m addersr.custom_ops.benchmark
	$(BIN)/python -m addersr.custom_ops.benchmark.heads_and_tails

bench-models: $(VENV)/.installed  ## whole networks, picture in to picture out, beside the CNN twin
	$(BIN)/python -m addersr.export.benchmark

bench-training: $(VENV)/.installed  ## a training step, adder beside CNN twin
	$(BIN)/python -m addersr.training.benchmark

# Speed and memory of the embedding library.
bench-engine: $(VENV)/.installed  ## the embedding library beside a bare onnxruntime session
	@$(BIN)/cmake -S . -B build/benchmark >/dev/null
	@$(BIN)/cmake --build build/benchmark --parallel --target addersr_engine_benchmark >/dev/null
	$(BIN)/python -m addersr.export.benchmark.engine \
	  build/benchmark/runtime/embedding/benchmark/addersr_engine_benchmark

headers:  ## fetch onnxruntime's official header (Debian), which a test compares ours with
	tests/custom_ops/fetch_onnxruntime_header.sh

web:  ## fetch onnxruntime-web (npm), in which a test runs exported files
	tests/export/web/fetch.sh

clean:  ## remove everything that make made
	rm -rf $(VENV) build dist out
