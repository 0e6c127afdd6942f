"""Tests on each supported Python: `nox`, or `nox --session tests-3.12`; interpreters come from pyenv."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
LOWEST_TESTS = [
    f"tests/molmo_act/{name}" for name in ("io", "outputs", "models", "pointing", "segmentation", "tracking")
]
"""What the lowest versions are tried with."""


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Runs the fast tests that need neither ROS 2 nor a display, with everything installed."""
    session.install(
        "--editable", ".[gui,agents,train,video,quant,ocr,accessibility,bags,supervision]", "pytest"
    )
    session.install("scipy", "hypothesis")
    session.run("pytest", "-m", "not slow and not ros and not display", *session.posargs)


@nox.session(name="tests-lowest", python="3.11")
def tests_with_lowest_versions(session: nox.Session) -> None:
    """Runs the fast tests with the lowest versions of everything that pyproject.toml asks for itself."""
    extras = [f"--extra={name}" for name in ("gui", "agents", "train", "video", "quant", "bags")]
    pins = str(Path(session.create_tmp()) / "lowest.txt")
    session.install("uv")
    session.run(
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--resolution=lowest-direct",
        *extras,
        *_extra_index(),
        "pyproject.toml",
        "--output-file",
        pins,
    )
    session.install("--requirement", pins, "pytest")
    session.install("--no-deps", "--editable", ".")
    folders = session.posargs or LOWEST_TESTS
    session.run("pytest", "-m", "not slow and not ros and not display", *folders)


def _extra_index() -> list[str]:
    """The index that pip is told of in the environment, for uv, which reads names of its own."""
    url = os.environ.get("PIP_EXTRA_INDEX_URL")
    return [f"--extra-index-url={url}", "--index-strategy=unsafe-best-match"] if url else []


@nox.session(name="tests-3.10", python="3.10")
def tests_without_transformers(session: nox.Session) -> None:
    """Runs what does not need transformers, which has no release for Python 3.10."""
    session.install(
        "numpy>=1.26", "pillow>=11.3", "opencv-python-headless>=4.10", "pytest", "pyyaml", "jinja2"
    )
    session.install("--no-deps", "--editable", ".")
    session.run("pytest", "--no-header", "tests/test_python310.py", *session.posargs)


@nox.session(python="3.11", default=False)
def samples(session: nox.Session) -> None:
    """Tries all random models and all queries, where the tests of each change try some."""
    session.install("--editable", ".[onnx]", "pytest")
    session.run("pytest", "tests/molmo_act/embedded", *session.posargs, env={"MOLMO_ACT_ALL_SAMPLES": "1"})


@nox.session(python="3.11", default=False)
def fuzz(session: nox.Session) -> None:
    """Gives every parser a million inputs: `nox --session fuzz`; hours."""
    session.install("--editable", ".[gui]", "pytest", "hypothesis")
    without_limit = ("-o", "faulthandler_timeout=0")
    million = {"MOLMO_ACT_FUZZ_EXAMPLES": "1000000"}
    session.run("pytest", "tests/fuzz", *without_limit, *session.posargs, env=million)
