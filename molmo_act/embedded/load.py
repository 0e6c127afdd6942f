"""Loads an exported model."""

from __future__ import annotations

import os
from pathlib import Path

from molmo_act.embedded.model import EmbeddedModel
from molmo_act.embedded.providers import Providers, check_packages, check_providers
from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.embedded.sessions import SessionNetwork
from molmo_act.embedded.settings import read_settings
from molmo_act.embedded.tokenizer import load_tokenizer
from molmo_act.validation import check_path


def load_exported(folder: str | os.PathLike[str], providers: Providers | None = None) -> EmbeddedModel:
    """Loads an exported model; `molmo_act.load` does so for folders that hold one.

    Args:
        folder: What ``molmo-act export`` wrote.
        providers: Execution providers of ONNX Runtime, the preferred one first; None or "auto" for the best
            that work here.

    Returns:
        The model, ready to point.

    Raises:
        CheckpointError: The folder holds no exported model, or a damaged one.
        InputError: `providers` is no list of names.
        PlatformError: ONNX Runtime or tokenizers is not installed, or a provider does not work here.
    """
    check_path("folder", folder)
    check_packages()
    settings = read_settings(Path(folder))
    wanted = check_providers(providers)
    tokenizer, tokens = load_tokenizer(settings)
    runtime = EmbeddedRuntime(settings, tokenizer, tokens, SessionNetwork(settings, wanted))
    _ = runtime.grammar  # which a tokenizer may lack words for
    runtime.check_prompts()
    return EmbeddedModel(runtime)
