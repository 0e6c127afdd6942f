"""What a run is of: the model's weights, how it is asked, and the data, as the first line of its files."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model._machine import machine_info
from model.evaluation.asking import Asker
from model.evaluation.benchmark import Benchmark, Case, fingerprint
from model.evaluation.run_files import Header
from molmo_act.model_options import ModelOptions

SAMPLES, SAMPLE_BYTES = 64, 1 << 16
_WEIGHTS = (".safetensors", ".onnx", ".data", ".json", ".jinja")


def checkpoint_digest(folder: Path) -> str:
    """Tells checkpoints apart: SHA-256 of the names, sizes and 64 samples of each file that matters.

    Whole files of an 8B model take half a minute to hash; training and quantizing change weights everywhere.

    Args:
        folder: Folder of the checkpoint.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix not in _WEIGHTS or not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            step = max(SAMPLE_BYTES, size // SAMPLES)
            for start in range(0, size, step):
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def checkpoint_folder(options: ModelOptions) -> Path | None:
    """Says where the files of a checkpoint lie on this machine; None where they do not.

    Args:
        options: Which model it is.
    """
    from molmo_act.models.checkpoint_files import is_path, need_file
    from molmo_act.pointing.load import checkpoint_source

    source = checkpoint_source(options.checkpoint)
    return Path(source) if is_path(source) else Path(need_file(source, "config.json")).parent


def model_identity(model: Any, options: ModelOptions) -> dict[str, Any]:
    """Says which model a run is of.

    Args:
        model: What `ModelOptions.load` gave.
        options: The options.
    """
    folder = checkpoint_folder(options)
    network = getattr(model, "model", None)
    return {
        "name": model.name,
        "sha256": None if folder is None else checkpoint_digest(folder),
        "quantization": options.quantization,
        "dtype": str(getattr(network, "dtype", None)).removeprefix("torch."),
        "reader": options.reader,
    }


def machine_of(model: Any) -> dict[str, Any]:
    """Names the machine that a model runs on."""
    import torch

    network = getattr(model, "model", None)
    return machine_info(getattr(network, "device", torch.device("cpu")))


def asked(benchmark: Benchmark, asker: Asker) -> dict[str, Any]:
    """Says how a model is asked, and what else an answer depends on."""
    options = asker.options
    found = {
        "prompt": options.prompt or "official",
        "exactly": options.exactly,
        "min_score": options.min_score,
        "max_crops": options.max_crops,
    }
    if benchmark.asks == "masks":
        found["propagator"] = asker.propagator_name
    if benchmark.judged:
        found["judge"] = asker.judge.name
    return found


def header(
    benchmark: Benchmark,
    asker: Asker,
    model: Mapping[str, Any],
    machine: Mapping[str, Any],
    cases: Sequence[Case],
    home: Path,
    chosen: int,
) -> Header:
    """Makes the first line of a run's files.

    Args:
        benchmark: The benchmark.
        asker: How the model is asked.
        model: What `model_identity` gave.
        machine: What `machine_of` gave.
        cases: All cases of the data set.
        home: Folder of the data set.
        chosen: How many of them all processes score together.
    """
    return {
        "benchmark": benchmark.name,
        "model": dict(model),
        "asked": asked(benchmark, asker),
        "rows": len(cases),
        "data_sha256": fingerprint(cases),
        "data": str(home.resolve()),
        "chosen": chosen,
        "machine": dict(machine),
        "python": platform.python_version(),
    }
