# The commands of this repository. PYTHON names the interpreter that the virtual environment is made from.
PYTHON ?= python3
comma := ,
BIN := .venv/bin
# PyPI has ROS 2 for Linux on x86_64; elsewhere, as on a robot, rclpy comes with the ROS 2 distribution.
ROS := $(if $(filter Linux_x86_64,$(shell uname -s)_$(shell uname -m)),$(comma)ros$(comma)ros-build)
EXTRAS := gui,agents,train,video,quant,onnx,ocr,accessibility,bags,wandb,supervision,dev$(ROS)
INTERFACES := ros_nodes/molmo_act_interfaces

.DEFAULT_GOAL := help
.PHONY: help setup setup-ros demo test test-fast gpu-proof check

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 8

setup: ## Create .venv with everything for demo, test and check; as root, the Debian packages too
	.ci/debian_packages
	@$(MAKE) --no-print-directory .venv/ready

.venv/ready: pyproject.toml constraints.txt $(wildcard $(INTERFACES)/*.* $(INTERFACES)/msg/* $(INTERFACES)/srv/* $(INTERFACES)/action/*)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[$(EXTRAS)]"
	$(if $(ROS),.ci/ros_interfaces $(BIN)/python)
	touch $@

setup-ros: ## Create .venv for the ROS 2 nodes only: no desktop, browser or training
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[ros,ros-build,bags,video]"
	.ci/ros_interfaces $(BIN)/python

demo: setup ## Set up, then see points on a ROS 2 topic and a click in a window; images go to out/
	$(BIN)/python examples/demo.py

test: setup ## Run the tests, in two halves side by side
	.ci/test

test-fast: setup ## Run the tests without ROS 2 processes, real windows and soaks: under three minutes
	$(BIN)/python -m pytest -m "not slow"

gpu-proof: ## Prove the project on this CUDA machine in at most 8 minutes; out/gpu_proof has JSON and table
	$(BIN)/python -m model.benchmarks.gpu_proof

check: setup ## Lint, formatting, imports, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=.:ros_nodes/molmo_act_ros $(BIN)/lint-imports
	$(BIN)/mypy
