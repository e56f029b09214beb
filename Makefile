# The commands a person types. Each sets up what it needs; the building itself is CMake's (CMakePresets.json).
.DEFAULT_GOAL := release
.PHONY: release test demo bench peers format docs install clean dependencies
JOBS ?= $(shell nproc)
BUILD_OPTIONS ?=

# The program: build/release/pare
release: dependencies
	cmake --preset release $(BUILD_OPTIONS)
	cmake --build --preset release -j$(JOBS)

# Every test: build with warnings as errors, the judges (LiteRT) from PyPI, ctest.
test: dependencies
	cmake --preset ci $(BUILD_OPTIONS)
	cmake --build --preset ci -j$(JOBS)
	scripts/peers.sh judges
	ctest --preset ci -j$(JOBS)

# Made data, a classifier trained on it, four quantised files, one table.
demo: release
	examples/demo.sh build/release/pare build/demo

# Beside LiteRT, ONNX Runtime, the TFLite converter and AI Edge Quantizer, in one run on this machine.
bench: BUILD_OPTIONS += -DPARE_BUILD_BENCHMARKS=ON
bench: release peers
	scripts/peers.sh run bench/run.py --pare build/release/pare

# The virtual environment with every peer.
peers:
	scripts/peers.sh all

format:
	scripts/format.sh

# The generated reference pages under docs/reference/.
docs: release
	build/release/pare docs -o docs/reference

install: release
	cmake --install build/release

dependencies:
	@scripts/install_dependencies.sh

clean:
	rm -rf build
