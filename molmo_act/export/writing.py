"""Writes a MolmoPoint as a folder that `molmo_act.embedded` reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from molmo_act._optional import require_optional
from molmo_act.embedded.settings import EMBEDDINGS, FORMAT, TOKENIZER
from molmo_act.errors import InputError
from molmo_act.export.graphs import GraphWriter
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.quantized_linear import int4_linear, int8_linear
from molmo_act.formats.exported import SETTINGS
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER
from molmo_act.io.atomic import atomic_folder, explain_write_errors
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.quantization.export_report import OPSET, PRECISIONS, Precision
from molmo_act.quantization.precision import PrecisionMap
from molmo_act.validation import check_choice, check_int, check_path

_LINEAR = {"int8": int8_linear, "int4": int4_linear}
_PURPOSE = "export to ONNX"
_SLOT = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for the question while the chat template is asked where it goes."""


def write_export(
    model: Any,
    processor: MolmoPointProcessor,
    folder: str | os.PathLike[str],
    *,
    name: str,
    precision: Precision = "fp32",
    opset: int = OPSET,
    on_part: Callable[[str, int, int], None] = lambda part, done, of: None,
    check: Callable[[Path], None] = lambda folder: None,
) -> None:
    """Writes a model, all of it or nothing.

    Args:
        model: A MolmoPoint that is not quantized, on any device.
        processor: Of the model.
        folder: Does not exist, or is empty.
        name: What the model is called.
        precision: How it is stored.
        opset: Version of the operators of ONNX.
        on_part: Told the part that was written, how many are done, and of how many.
        check: Given the finished folder before it appears under its name; if it raises, nothing is left.

    Raises:
        InputError: The model cannot be exported, the folder cannot be written or is not empty, or an option
            is out of range.
        MissingExtraError: Without the extra `onnx`.
        PlatformError: torch cannot write the model in that opset.
    """
    check_request(folder, precision, opset)
    _check_model(model, name)
    target = Path(folder)
    dtype = torch.float16 if precision == "fp16" else torch.float32
    with explain_write_errors(folder, kind="an export"), atomic_folder(target) as unfinished:
        files = HashedFiles(unfinished)
        writer = GraphWriter(model, files, dtype=dtype, opset=opset, linear=_LINEAR.get(precision))
        total = len(writer.names)
        with torch.inference_mode():
            for done, part in enumerate(writer.write(), 1):
                on_part(part, done, total)
            _write_words(model, files, dtype)
        _write_tokenizer(processor, files)
        settings = _settings(model, processor, name) | {"precision": precision, "opset": opset}
        settings["files"] = dict(sorted(files.described.items()))
        text = json.dumps(settings, indent=1, ensure_ascii=False)
        (unfinished / SETTINGS).write_text(text + "\n", encoding="utf-8")
        check(unfinished)


def check_request(folder: str | os.PathLike[str], precision: object, opset: object) -> None:
    """Checks what can be checked before a model is loaded.

    Args:
        folder: See `write_export`, as for the others.
        precision: How the model is to be stored.
        opset: Version of the operators of ONNX.

    Raises:
        InputError: The folder is not empty, or an option is out of range.
        MissingExtraError: Without the extra `onnx`.
    """
    check_path("folder", folder)
    check_choice("precision", precision, PRECISIONS)
    check_int("opset", opset, least=OPSET, most=25)
    for package in ("onnx", "onnxscript", "onnxruntime"):
        require_optional(package, extra="onnx", purpose=_PURPOSE)
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{os.fspath(folder)!r} is there already; expected a new folder. Give another name.")


def _check_model(model: Any, name: str) -> None:
    if not isinstance(model, MolmoPointForConditionalGeneration):
        raise InputError(
            f"{name} writes coordinates as text; expected a MolmoPoint, whose points are grounding tokens."
        )
    if PrecisionMap.of(model).quantized:
        raise InputError(
            f"{name} is quantized; expected the original weights. Load it without quantization, and give the "
            "precision to the export."
        )
    if model.model.temporal is not None:
        raise InputError(f"{name} has a temporal module, which cannot be exported; expected a model without.")


def _write_words(model: MolmoPointForConditionalGeneration, files: HashedFiles, dtype: torch.dtype) -> None:
    """The word table, in slices, so that no second one is in memory."""
    table = model.model.language_model.embed_tokens.weight
    kind = np.dtype(str(dtype).removeprefix("torch."))
    header = {"descr": kind.str, "fortran_order": False, "shape": tuple(table.shape)}
    with files.new(EMBEDDINGS) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(table), 4096):
            rows = table[start : start + 4096].detach().to("cpu", dtype)
            file.write(rows.contiguous().numpy().data)


def _write_tokenizer(processor: MolmoPointProcessor, files: HashedFiles) -> None:
    backend = getattr(processor.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise InputError(
            f"The tokenizer is a {type(processor.tokenizer).__name__}; expected a fast one, of the library "
            "`tokenizers`. Load the checkpoint with its tokenizer.json."
        )
    with files.new(TOKENIZER) as file:
        file.write(backend.to_str(pretty=True).encode())


def _settings(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, name: str
) -> dict[str, Any]:
    """What the runtime has to know beside the graphs."""
    image, question = {"type": "image"}, {"type": "text", "text": _SLOT}
    asked = [{"role": "user", "content": [image, question]}]
    rendered = processor.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    before, found, after = rendered.partition(_SLOT)
    if not found or before.count(IMAGE_PLACEHOLDER) != 1:
        raise InputError(f"The chat template of {name} does not put an image before its question.")
    return {
        "format": FORMAT,
        "molmo_act": version("molmo-act"),
        "name": name,
        "model_type": model.config.model_type,
        "config": {key: value for key, value in model.config.to_dict().items() if key != "_name_or_path"},
        "processor": processor.to_dict(),
        "image_processor": processor.image_processor.to_dict(),
        "video_processor": processor.video_processor.to_dict(),
        "prompts": processor.prompts.to_dict(),
        "chat": {"image": [before, after]},
        "special_tokens": {
            name: getattr(processor.tokenizer, name) for name in ("bos_token", "eos_token", "pad_token")
        },
    }
