"""A checkpoint of random weights is written where it was asked for."""

from __future__ import annotations

from model.benchmarks.gpu_proof import weights


def test_a_checkpoint_is_written(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "shape"
    words = ["weights", "--device", "cpu", "--small", "--shape", "tiny", "--checkpoint", str(folder)]
    monkeypatch.setattr("sys.argv", words)
    weights.main()
    assert "checkpoint of random weights" in capsys.readouterr().out
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in folder.iterdir()}
