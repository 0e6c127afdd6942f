"""``molmo-act doctor``: exit codes and what is printed, with real checks."""

from __future__ import annotations

import json

import pytest

from molmo_act.cli.main import main
from tests.support.without_packages import run_without


def test_a_use_that_works(capsys) -> None:
    pytest.importorskip("cv2", reason="needs the extra video")
    pytest.importorskip("av", reason="needs the extra video")
    assert main(["doctor", "--for", "video"]) == 0
    output = capsys.readouterr()
    assert output.out.rstrip().endswith("video: works")
    assert output.err == ""


def test_a_use_that_does_not(capsys, monkeypatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["doctor", "--for", "gui", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {"session", "capture", "clipboard"} <= set(report["uses"]["gui"])
    assert report["fit"] is False


def test_exported_models_run_without_torch(tmp_path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    done = run_without("torch,transformers", ["doctor", "--for", "library,onnx"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "library: works" in done.stdout
    assert "→" not in done.stdout
    done = run_without("torch,transformers,tokenizers", ["doctor", "--for", "library,onnx"], tmp_path)
    assert done.returncode == 1
    assert "onnx: needs tokenizers" in done.stdout
    assert "→ pip install tokenizers" in done.stdout


def test_what_is_no_use(capsys) -> None:
    assert main(["doctor", "--for", "rocket"]) == 2
    assert "'rocket' was asked for; expected some of library" in capsys.readouterr().err
