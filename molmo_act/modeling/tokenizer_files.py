"""Loads and saves the tokenizer of a checkpoint so that released code can read it. Knows no prompts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from molmo_act.errors import CheckpointError
from molmo_act.modeling.checkpoint_files import need_file, read_json, write_json


def load_tokenizer(source: str | os.PathLike[str], **hub: Any) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, padding on the left.

    Not through ``AutoTokenizer``: that asks about remote code when the model type is not registered.

    Raises:
        CheckpointError: A file is missing (it is named) or damaged.
    """
    for name in ("tokenizer.json", "tokenizer_config.json"):
        read_json(need_file(source, name, **hub))
    try:
        return PreTrainedTokenizerFast.from_pretrained(source, padding_side="left", **hub)
    except Exception as exc:  # the tokenizers library raises bare Exception
        raise CheckpointError(
            f"tokenizer.json of {os.fspath(source)!r} cannot be read as a tokenizer ({exc}). Fetch it again."
        ) from exc


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> list[str]:
    """Write a tokenizer and return the paths of its files.

    transformers 5 writes a class name and a list of tokens that transformers 4, for which the released code
    was written, cannot read; both are given the form that both versions read.
    """
    written = [str(path) for path in tokenizer.save_pretrained(folder)]
    path = folder / "tokenizer_config.json"
    config = read_json(path)
    config.pop("auto_map", None)
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    if isinstance(config.get("extra_special_tokens"), list):
        config["additional_special_tokens"] = config.pop("extra_special_tokens")
    write_json(path, config)
    return written
