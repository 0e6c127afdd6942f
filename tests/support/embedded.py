"""Runtimes without torch around the modules of torch, so that decoders are compared on equal numbers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.embedded.settings import (
    EMBEDDINGS,
    FORMAT,
    GRAPHS,
    LOCATIONS,
    TOKENIZER,
    read_settings,
)
from molmo_act.embedded.tokenizer import load_tokenizer
from molmo_act.formats.exported import SETTINGS
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from tests.support.torch_network import TorchNetwork


def said_of(model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor) -> dict[str, Any]:
    """What an export of a model says of itself, without its files."""
    parts = [{"type": "text", "text": "\0"}, {"type": "image"}]
    chat = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
    special = ("bos_token", "eos_token", "pad_token")
    return {
        "format": FORMAT,
        "molmo_act": "0.1.0",
        "name": "tiny",
        "model_type": "molmo_point",
        "precision": "fp32",
        "opset": 18,
        "config": model.config.to_dict(),
        "processor": processor.to_dict(),
        "image_processor": processor.image_processor.to_dict(),
        "prompts": processor.prompts.to_dict(),
        "chat": {"image": chat.split("\0")},
        "special_tokens": {name: getattr(processor.tokenizer, name) for name in special},
    }


def write_export(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, folder: Path, **changes: Any
) -> Path:
    """Writes an export whose graphs are empty files, with other settings where some are given."""
    folder.mkdir(exist_ok=True)
    processor.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    for name in (*(f"{graph}.onnx" for graph in (*GRAPHS, LOCATIONS)), EMBEDDINGS):
        (folder / name).write_bytes(b"")
    return write_settings(folder, {**said_of(model, processor), **changes})


def write_settings(folder: Path, said: dict[str, Any]) -> Path:
    """Writes settings that list the files as they are."""
    files = {
        path.name: {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in folder.iterdir()
        if path.name != SETTINGS
    }
    (folder / SETTINGS).write_text(json.dumps({"files": files, **said}))
    return folder


def runtime_of(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, folder: Path
) -> EmbeddedRuntime:
    """A runtime that asks the modules of a model; `folder` takes its settings."""
    settings = read_settings(write_export(model, processor, folder))
    return EmbeddedRuntime(settings, *load_tokenizer(settings), TorchNetwork(model))
