"""Generates answers to prompts with images: prefill, then decode steps until every answer is complete.

Shape letters: B batch, P image tokens of a prompt, D text width.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.formats.order_rules import OrderRules
from molmo_act.generation.cuda_graph import EagerStepper, GraphCache, Stepper
from molmo_act.generation.decode import Decoder
from molmo_act.generation.decode_state import DecodeState, StepOutput
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.memory import explain_out_of_memory
from molmo_act.generation.one_prompt import decoder as alone
from molmo_act.generation.outputs import (
    LOAD_WIDER,
    GeneratedAnswer,
    GenerationOutput,
    exhausted,
    refuse_overflow,
)
from molmo_act.generation.prefill import PrefillOutput, Prefix, new_cache, prefill, prefill_with_prefix
from molmo_act.generation.sampling import DecodingRules
from molmo_act.generation.step_plan import MAX_WIDTH
from molmo_act.generation.torch_steps import StepSettings, TorchSteps, can_step_alone, read_prompt
from molmo_act.models.molmo_point.exact_points import Places
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration

HEADROOM = 2 * MAX_WIDTH
"""Positions of the cache behind the longest answer: its last step may begin just before the end, and a row
that has stopped still feeds behind it."""

NO_LIMITS = GenerationLimits()


class Engine:
    """Generates answers to prompts about images with one model. Several threads may share it.

    Args:
        model: MolmoPoint.
        grammar: Ids that answers are made of.
        static_shapes: Whether all steps have the same shapes and read nothing back from the device, which a
            GPU needs to run ahead of the host; None for wherever the model is not on the CPU.
        cuda_graph: Whether steps of static shapes are captured as a CUDA graph; None for wherever that is
            possible.
        one_prompt: Whether a batch of one prompt is decoded by `molmo_act.generation.one_prompt`, which gives
            the same ids in less time; None for wherever that is possible, on a CPU in float32.
    """

    def __init__(
        self,
        model: MolmoPointForConditionalGeneration,
        grammar: AnswerGrammar,
        *,
        static_shapes: bool | None = None,
        cuda_graph: bool | None = None,
        one_prompt: bool | None = None,
    ) -> None:
        self.model, self.grammar, self._one_prompt = model, grammar, one_prompt
        self._order_rules = OrderRules.of(model.config)
        if static_shapes is None:
            static_shapes = model.device.type != "cpu"
        if cuda_graph is None:
            cuda_graph = _can_capture(model)
        self._graphs = GraphCache(capture=cuda_graph) if static_shapes else None
        self._turn = Lock()  # a cache that is kept serves one batch at a time

    @torch.inference_mode()
    def generate(
        self,
        inputs: Mapping[str, Tensor],
        queries: Sequence[str] | None = None,
        *,
        order: str = "reference",
        limits: GenerationLimits = NO_LIMITS,
    ) -> GenerationOutput:
        """Answers a batch greedily: the ids of transformers' `generate`, in fewer steps.

        Args:
            inputs: Output of the processor, on the model's device.
            queries: What each prompt asks for; drafts are made from it, and it changes no answer.
            order: See `molmo_act.generation.sampling.DecodingRules`.
            limits: When an answer ends at the latest.

        Returns:
            One answer per prompt.

        Raises:
            InputError: An image has no place for as many points as were asked for.
            PlatformError: Memory ran out.
        """
        began = time.perf_counter()
        batch, length = inputs["input_ids"].shape
        with self._turn:
            with explain_out_of_memory(self.model, inputs):
                cache = self._cache(batch, length, limits)
                prefilled = prefill(self.model, inputs, self.grammar.opening, cache)
            return self._decode(prefilled, queries or [""] * batch, order, limits, began)

    @torch.inference_mode()
    def stream(
        self,
        inputs: Mapping[str, Tensor],
        query: str = "",
        *,
        order: str = "reference",
        limits: GenerationLimits = NO_LIMITS,
    ) -> Generator[list[int], None, GenerationOutput]:
        """Answers one prompt as `generate` does, and gives the ids as they come.

        Other answers may be asked for before it ends: it has a cache of its own, and captures no graph.

        Args:
            inputs: Output of the processor for one prompt, on the model's device.
            query: See `generate`.
            order: See `generate`.
            limits: See `generate`; the time that a caller takes between two steps counts, too.

        Yields:
            After every step the new ids, one or more. Closing the generator stops the model.

        Returns:
            The answer.

        Raises:
            InputError: See `generate`.
            PlatformError: Memory ran out.
        """
        began = time.perf_counter()
        capacity = self._capacity(inputs["input_ids"].shape[1], limits)
        with explain_out_of_memory(self.model, inputs):
            cache = new_cache(self.model, 1, capacity)
            prefilled = prefill(self.model, inputs, self.grammar.opening, cache)
        steps, given = self._steps(prefilled, [query], order, limits, began, None), 0
        while True:
            try:
                output = next(steps)
            except StopIteration as end:
                answered: GenerationOutput = end.value
                return answered
            ids = output.ids_BN[0, : int(output.accepted_B[0])].tolist() if len(output.ids_BN) else []
            ids = ids[: limits.max_new_tokens - given]
            given += len(ids)
            if ids:
                yield ids

    @torch.inference_mode()
    def generate_with_prefix(
        self,
        prefix: Prefix,
        questions: Sequence[Sequence[int]],
        queries: Sequence[str],
        *,
        order: str = "reference",
        limits: GenerationLimits = NO_LIMITS,
    ) -> GenerationOutput:
        """Answers several questions about images that were read once; the answers are those of `generate`.

        Args:
            prefix: The images, see `molmo_act.generation.prefill.prefill_prefix`.
            questions: Ids of each prompt behind its images.
            queries: See `generate`.
            order: See `generate`.
            limits: See `generate`.

        Returns:
            One answer per question.

        Raises:
            InputError: See `generate`.
        """
        began = time.perf_counter()
        length = prefix.length + max(map(len, questions))
        with self._turn:
            cache = self._cache(len(questions), length, limits)
            prefilled = prefill_with_prefix(self.model, prefix, questions, self.grammar.opening, cache)
            return self._decode(prefilled, queries, order, limits, began)

    def _decode(
        self,
        prefilled: PrefillOutput,
        queries: Sequence[str],
        order: str,
        limits: GenerationLimits,
        began: float,
    ) -> GenerationOutput:
        """Decodes a batch to its end."""
        read = None
        if self._graphs is None and self._one_prompt is not False and can_step_alone(self.model):
            read = read_prompt(prefilled)
        if read is None:
            return exhausted(self._steps(prefilled, queries, order, limits, began, self._graphs))
        [query] = queries
        network = TorchSteps(self.model, prefilled.cache)
        given = network, StepSettings.of(self.model.config), self.grammar, read, query
        decoder = alone.Decoder(*given, order=order, limits=limits, instead=LOAD_WIDER)
        return exhausted(_steps_alone(decoder, began))

    def _steps(
        self,
        prefilled: PrefillOutput,
        queries: Sequence[str],
        order: str,
        limits: GenerationLimits,
        began: float,
        graphs: GraphCache | None,
    ) -> Generator[StepOutput, None, GenerationOutput]:
        """Takes decode steps until all answers are complete, and gives the output of each."""
        stepper, first, opening_B = self._start(prefilled, queries, order, limits, graphs)
        openings = opening_B.tolist()  # waits for the device
        refuse_overflow(openings, self.model.dtype)
        record = _Record(first, openings)
        prefilled_at = time.perf_counter()
        yield first
        while True:
            if (len(record.outputs) - 1) % stepper.check_every == 0:
                stopped_B = stepper.rows.stopped_B
                late = limits.timeout is not None and time.perf_counter() - began > limits.timeout
                if late or bool(stopped_B.all()):
                    break
                record.keep(stepper.drop_stopped(stopped_B))
            record.outputs.append(stepper.step())
            yield record.outputs[-1]
        record.keep(stepper.rows)
        state = prefilled.state
        num_patches = state.ids.num_patches_B.tolist()
        answers = record.answers(num_patches, limits.max_new_tokens)
        for row, (answer, count) in enumerate(zip(answers, num_patches, strict=True)):
            features_PD = state.image_features_BPD[row, :count]
            answer.patch_features = _patch_features(answer.tokens, state.ids.start, features_PD)
        ended = time.perf_counter()
        taken = 1000 * (prefilled_at - began), 1000 * (ended - prefilled_at)
        return GenerationOutput(answers, *taken, steps=len(record.outputs) - 1)

    def _capacity(self, length: int, limits: GenerationLimits) -> int:
        """Positions of a cache for prompts of `length` tokens and their answers."""
        return length + len(self.grammar.opening) + limits.max_new_tokens + HEADROOM

    def _cache(self, batch: int, length: int, limits: GenerationLimits) -> TreeCache:
        """A cache for prompts of `length` tokens and their answers."""
        capacity = self._capacity(length, limits)
        if self._graphs is None:
            return new_cache(self.model, batch, capacity)
        return self._graphs.kv_cache(batch, capacity, partial(new_cache, self.model))

    def _start(
        self,
        prefilled: PrefillOutput,
        queries: Sequence[str],
        order: str,
        limits: GenerationLimits,
        graphs: GraphCache | None,
    ) -> tuple[Stepper, StepOutput, Tensor]:
        """The stepper behind the first choices, these, and the probability that each answer opens a list."""
        rules = DecodingRules(order, self._order_rules, self.grammar.list_end)
        bounds = limits.max_points, limits.exactly, limits.max_new_tokens
        if limits.exactly is not None:
            state = prefilled.state
            places = Places.of(state.subpatch_valid_BPK, state.indexable_BP, self._order_rules)
            places.check(limits.exactly)
        static_shapes = graphs is not None
        decoder = Decoder(
            self.model, self.grammar, rules, prefilled.cache, *bounds, static_shapes=static_shapes
        )
        drafts = [self.grammar.after_points(query) for query in queries]
        rows, first, opening_B = decoder.start(prefilled, self.grammar.opening, drafts)
        if graphs is None:
            return EagerStepper(decoder, rows, prefilled.state, prefilled.cache), first, opening_B
        key = (rules, *bounds)
        return graphs.stepper(key, decoder, rows, prefilled.state, prefilled.cache), first, opening_B


def _steps_alone(decoder: alone.Decoder, began: float) -> Generator[None, None, GenerationOutput]:
    """Takes the steps of one prompt."""
    steps, prefilled_at, taken = decoder.steps(began), time.perf_counter(), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            times = 1000 * (prefilled_at - began), 1000 * (time.perf_counter() - prefilled_at)
            return GenerationOutput([end.value], *times, steps=taken)
        taken += 1
        yield


def _can_capture(model: MolmoPointForConditionalGeneration) -> bool:
    """Graphs are CUDA's, and the kernels of LLM.int8 ask the device for outliers in every layer."""
    return model.device.type == "cuda" and not getattr(model, "is_loaded_in_8bit", False)


def _patch_features(tokens: Sequence[int], start: int, features_PD: Tensor) -> dict[int, np.ndarray]:
    """Features of the patches of an answer, by the index of their ids.

    Args:
        tokens: The answer.
        start: First extended id.
        features_PD: Features of all patches of the prompt.
    """
    patches = len(features_PD)
    chosen = {index: token - start for index, token in enumerate(tokens) if 0 <= token - start < patches}
    rows = torch.tensor(list(chosen.values()), dtype=torch.long, device=features_PD.device)
    return dict(zip(chosen, features_PD[rows].float().cpu().numpy(), strict=True))


class _Record:
    """The outputs of all steps of a batch, and the rows that stopped on the way."""

    def __init__(self, first: StepOutput, openings: list[float]) -> None:
        self.outputs = [first]
        self._openings = openings
        self._stopped: list[DecodeState] = []

    def keep(self, rows: DecodeState | None) -> None:
        """Keeps the last state of rows that take no further step, if there are any."""
        if rows is not None:
            self._stopped.append(rows)

    def answers(self, num_patches: Sequence[int], max_new_tokens: int) -> list[GeneratedAnswer]:
        """The answers of all rows, in order.

        Args:
            num_patches: Number of image tokens of each prompt.
            max_new_tokens: Most ids of an answer.
        """
        answers = [GeneratedAnswer(opening_probability=probability) for probability in self._openings]
        for output in self.outputs:
            columns = (output.prompt_index_B, output.ids_BN, output.probabilities_BN, output.accepted_B)
            for row, ids, probabilities, count in zip(*(column.tolist() for column in columns), strict=True):
                answers[row].tokens += ids[:count]
                answers[row].probabilities += probabilities[:count]
        for rows in self._stopped:
            for index, row in enumerate(rows.prompt_index_B.tolist()):
                answer = answers[row]
                answer.refused = bool(rows.refused_B[index])
                answer.truncated = not bool(rows.complete_B[index]) or len(answer.tokens) > max_new_tokens
                del answer.tokens[max_new_tokens:], answer.probabilities[max_new_tokens:]
                if bool(rows.has_first_patch_B[index]):
                    first_P = rows.first_patch_probabilities_BP[index].cpu()
                    shares_P = torch.cat((first_P[: num_patches[row]], first_P[-1:])).numpy()
                    answer.first_patch_probabilities = shares_P
        return answers
