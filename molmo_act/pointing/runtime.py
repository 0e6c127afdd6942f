"""PointingRuntime: a loaded model with everything that asking it takes."""

from __future__ import annotations

import os
from typing import Any

import torch
from transformers import PreTrainedModel

from molmo_act.errors import InputError, PlatformError
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.protocols import Tokenizer
from molmo_act.formats.text_points import text_format
from molmo_act.generation.engine import Engine
from molmo_act.models.copying import without_capture_hooks
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.pointing.questions import Questions


class PointingRuntime(Questions):
    """Model, processor, engine and answer grammar, as prompts, images, videos and streams take them.

    Args:
        model: The transformers model: a MolmoPoint, or another that writes coordinates as text.
        processor: The processor of the model.
        name: What was loaded, for messages.

    Attributes:
        model: The transformers model.
        processor: Its processor.
        name: What was loaded.
    """

    def __init__(self, model: PreTrainedModel, processor: MolmoPointProcessor, name: str) -> None:
        self.model, self.processor, self.name = model, processor, name
        self._process = os.getpid()
        self._engine: tuple[int, Engine] | None = None

    def __getstate__(self) -> dict[str, object]:
        """What a copy starts with: the engine holds a lock and memory of its own, and is made anew."""
        model = without_capture_hooks(self.model)
        return {"model": model, "processor": self.processor, "name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Takes what `__getstate__` gave."""
        self.__init__(**state)  # type: ignore[misc]

    @property
    def engine(self) -> Engine:
        """The engine that decodes grounding tokens; for a MolmoPoint only. A forked process has its own.

        Raises:
            PlatformError: The model is on CUDA, and this process was forked from the one that loaded it.
        """
        self.check_process()
        if self._engine is None or self._engine[0] != os.getpid():  # its lock may have been taken at the fork
            self._engine = os.getpid(), Engine(self.model, self.grammar)
        return self._engine[1]

    def check_process(self) -> None:
        """Refuses a model on CUDA in a process that was forked from the one that loaded it.

        Raises:
            PlatformError: It is one; CUDA cannot be used there.
        """
        if self.device.type == "cuda" and os.getpid() != self._process:
            raise PlatformError(
                f"{self.name} was loaded on {str(self.device)!r} in the process from which this one was "
                "forked, and CUDA cannot be used in a fork. Start processes by 'spawn', or load the model in "
                "each."
            )

    @property
    def config(self) -> Any:
        """Configuration of the model."""
        return self.model.config

    @property
    def tokenizer(self) -> Tokenizer:
        """Turns words into ids, and ids into words."""
        tokenizer: Tokenizer = self.processor.tokenizer
        return tokenizer

    @property
    def prompts(self) -> PromptTemplates:
        """What the checkpoint is asked."""
        return self.processor.prompts

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self.model.device
        return device

    @property
    def has_grounding_tokens(self) -> bool:
        """Whether the model points by grounding tokens; otherwise it writes coordinates as text."""
        return isinstance(self.model, MolmoPointForConditionalGeneration)

    @property
    def has_temporal_module(self) -> bool:
        """Whether the model mixes earlier frames of a stream into the newest one."""
        return getattr(self.model.config, "temporal_module", None) is not None

    @property
    def reads_frames(self) -> bool:
        """Whether the model reads frames of a video, each with those before it: a VideoMolmo."""
        return bool(getattr(self.model.config, "has_temporal_module", False))

    def require_single_images(self) -> None:
        """Refuses a model that reads frames with those before them.

        Raises:
            InputError: It is a VideoMolmo.
        """
        if self.reads_frames:
            raise InputError(
                f"{self.name} is a VideoMolmo, which reads a frame with those before it. Ask it about a "
                "video, with point_in_video(), track() or segment()."
            )

    def require_videos(self) -> None:
        """Refuses a model that reads no video in one prompt.

        Raises:
            InputError: It is a Molmo 1.
        """
        if not self.has_grounding_tokens and text_format(self.config).read_video is None:
            raise InputError(
                f"{self.name} reads one image in a prompt. Ask a MolmoPoint or a Molmo 2 about videos, or "
                "point() about its frames."
            )

    def question(self, query: str, prompt: str | None = None) -> list[int]:
        """Ids of the user's turn that asks for a query.

        Args:
            query: What to find.
            prompt: How it is asked, see `check_questions`.

        Returns:
            Ids of everything behind the images.
        """
        return self.processor.encode_question([self.processor.prompts.ask(query, prompt)])
