"""EmbeddedRuntime: an exported model with everything that asking it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from molmo_act.embedded.config import ModelConfig
from molmo_act.embedded.encoded_image import EmbeddedImage
from molmo_act.embedded.image_processing import CutImage, cut_image, normalize
from molmo_act.embedded.prompt import read_image, read_question, see_image
from molmo_act.embedded.settings import ExportSettings
from molmo_act.embedded.tokenizer import ExportedTokenizer
from molmo_act.errors import InputError
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.vision_tokens import VisionTokens, image_prompt
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.one_prompt.decoder import Decoder
from molmo_act.generation.one_prompt.network import Network
from molmo_act.generation.one_prompt.tables import ImageTables, ReadPrompt
from molmo_act.generation.outputs import GeneratedAnswer, exhausted
from molmo_act.outputs.points import Points
from molmo_act.pointing.postprocessing import make_points
from molmo_act.pointing.questions import Questions
from molmo_act.request import Bounds


@dataclass(frozen=True, eq=False)
class _SeenImage:
    """An image behind the vision tower, and the ids of the prompt up to its end."""

    ids: list[int]
    pixels: np.ndarray
    tables: ImageTables
    cut: CutImage
    preprocess_ms: float


class EmbeddedRuntime(Questions):
    """Network, tokenizer and settings of an exported model.

    Args:
        settings: What the exported model says of itself.
        tokenizer: Its tokenizer.
        tokens: Ids of what stands for pixels.
        network: Its graphs.

    Attributes:
        settings: What the exported model says of itself.
        network: Its graphs.
        name: The checkpoint that was exported.
    """

    def __init__(
        self,
        settings: ExportSettings,
        tokenizer: ExportedTokenizer,
        tokens: VisionTokens[int],
        network: Network,
    ) -> None:
        self.settings, self.network, self.name = settings, network, settings.name
        self._tokenizer, self._tokens = tokenizer, tokens

    @property
    def config(self) -> ModelConfig:
        """Configuration of the model."""
        return self.settings.config

    @property
    def tokenizer(self) -> ExportedTokenizer:
        """Turns words into ids, and ids into words."""
        return self._tokenizer

    @property
    def prompts(self) -> PromptTemplates:
        """What the checkpoint is asked."""
        return self.settings.prompts

    @property
    def has_grounding_tokens(self) -> bool:
        """True: only such models are exported."""
        return True

    def question(self, query: str, prompt: str | None = None) -> list[int]:
        """Ids of everything behind the image.

        Args:
            query: What to find.
            prompt: How it is asked, see `check_questions`.

        Returns:
            The ids.
        """
        _, between, behind = self.settings.chat
        return self._encode(between + self.prompts.ask(query, prompt) + behind)

    def encode(self, image: np.ndarray, max_crops: int | None) -> EmbeddedImage:
        """Reads an image once for any number of queries.

        Args:
            image: uint8 RGB (H, W, 3).
            max_crops: Most high-resolution crops; None for the checkpoint's own number.

        Returns:
            What the model has read.

        Raises:
            InputError: The image leaves no room for a question.
        """
        began = time.perf_counter()
        seen = self._see(image, max_crops)
        self.limits(len(seen.ids), Bounds())
        prefix = read_image(self.network, self.config, seen.tables, seen.ids, seen.pixels)
        prefill_ms = 1000 * (time.perf_counter() - began) - seen.preprocess_ms
        return EmbeddedImage(seen.cut.metadata(), seen.preprocess_ms, prefill_ms, prefix, self)

    def point(
        self, image: np.ndarray, query: str, bounds: Bounds, max_crops: int | None, prompt: str | None
    ) -> Points:
        """Points at one query in an image that is read for it alone, image and question at once.

        Args:
            image: uint8 RGB (H, W, 3).
            query: What to find.
            bounds: How much of an answer is wanted.
            max_crops: Most high-resolution crops; None for the checkpoint's own number.
            prompt: How the query is asked.

        Returns:
            The points.

        Raises:
            InputError: The prompt leaves no room for an answer.
        """
        began = time.perf_counter()
        cut, preprocess_ms = self._cut(image, max_crops)
        ids, question = self._image_ids(cut), self.question(query, prompt)
        limits = self.limits(len(ids) + len(question), bounds, query)
        seen = self._behind_vision(cut, ids, preprocess_ms)
        behind = [*question, *self.grammar.opening]
        read = read_image(self.network, self.config, seen.tables, ids, seen.pixels, behind)
        decoder = self._decoder(read, query, bounds.order, limits)
        prefilled = time.perf_counter()
        answer = exhausted(decoder.steps(began))
        times = preprocess_ms, 1000 * (prefilled - began) - preprocess_ms
        return self._points(
            answer, query, EmbeddedImage(cut.metadata(), *times, read, self), bounds, prefilled
        )

    def point_in_encoded(
        self, encoded: EmbeddedImage, queries: Sequence[str], bounds: Bounds, prompt: str | None
    ) -> list[Points]:
        """Points at each query in an image that the model has read.

        Args:
            encoded: The image.
            queries: What to find.
            bounds: How much of an answer is wanted.
            prompt: How a query is asked.

        Returns:
            Points for each query.

        Raises:
            InputError: Another model has read the image, or a query leaves no room for an answer.
        """
        if encoded.owner is not self:
            raise InputError("The image was encoded by another model. Encode it with this one.")
        questions = {query: self.question(query, prompt) for query in queries}
        length = encoded.prefix.length
        limits = {query: self.limits(length + len(ids), bounds, query) for query, ids in questions.items()}
        points = []
        for query in queries:
            began = time.perf_counter()
            behind = [*questions[query], *self.grammar.opening]
            read: ReadPrompt = read_question(self.network, encoded.prefix, behind)
            decoder = self._decoder(read, query, bounds.order, limits[query])
            prefilled = time.perf_counter()
            answer = exhausted(decoder.steps(began))
            prefill_ms = encoded.prefill_ms + 1000 * (prefilled - began)
            points.append(
                self._points(answer, query, replace(encoded, prefill_ms=prefill_ms), bounds, prefilled)
            )
        return points

    def _decoder(self, read: ReadPrompt, query: str, order: str, limits: GenerationLimits) -> Decoder:
        given = self.network, self.config, self.grammar, read, query
        return Decoder(*given, order=order, limits=limits, instead="Export it with --precision fp32.")

    def _points(
        self, answer: GeneratedAnswer, query: str, image: EmbeddedImage, bounds: Bounds, prefilled: float
    ) -> Points:
        """Reads the points of an answer whose decoding began at `prefilled`."""
        timing = {
            "preprocess": image.preprocess_ms,
            "prefill": image.prefill_ms,
            "decode": 1000 * (time.perf_counter() - prefilled),
        }
        return make_points(self, answer, query, image.metadata, bounds, timing)

    def _see(self, image: np.ndarray, max_crops: int | None) -> _SeenImage:
        cut, preprocess_ms = self._cut(image, max_crops)
        return self._behind_vision(cut, self._image_ids(cut), preprocess_ms)

    def _cut(self, image: np.ndarray, max_crops: int | None) -> tuple[CutImage, float]:
        """The image, cut, and the milliseconds that it took."""
        began = time.perf_counter()
        geometry = self.settings.geometry
        geometry = geometry if max_crops is None else replace(geometry, max_crops=max_crops)
        return cut_image(image, geometry), 1000 * (time.perf_counter() - began)

    def _image_ids(self, cut: CutImage) -> list[int]:
        """Ids of a prompt up to the end of its image."""
        spelled = image_prompt(cut.maps.grid.tolist(), self._tokens, self.settings.layout)
        before, bos = self.settings.chat[0], self._tokenizer.bos_id
        ids = [*(self._encode(before) if before else ()), *spelled]
        return ids if ids[0] == bos else [bos, *ids]

    def _behind_vision(self, cut: CutImage, ids: list[int], preprocess_ms: float) -> _SeenImage:
        settings, every = self.settings, np.array(ids)
        pixels = normalize(cut.patches, settings.mean, settings.std)
        tables = see_image(self.network, self.config, pixels, cut.maps.token_pooling, every)
        return _SeenImage(ids, np.isin(every, self._tokens.all()), tables, cut, preprocess_ms)

    def _encode(self, text: str) -> list[int]:
        return [*self._tokenizer.encode(text, add_special_tokens=False)]
