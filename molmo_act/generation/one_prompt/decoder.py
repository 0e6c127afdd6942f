"""Decodes the answer to one prompt: in each step a whole point, or words with their draft.

As `molmo_act.generation.decode`, for one prompt. Shape letters are those of `network`, and N tokens along a
branch.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from molmo_act.formats.exact_plan import ExactPlan
from molmo_act.formats.grounding_tokens import AnswerGrammar, PromptIds
from molmo_act.formats.order_rules import OrderRules, allowed_subpatches
from molmo_act.formats.point_tree import TreeShape
from molmo_act.formats.protocols import PointConfig
from molmo_act.generation.limits import NONE, GenerationLimits
from molmo_act.generation.one_prompt.answer import Answer, StepChoices
from molmo_act.generation.one_prompt.choices import Chooser, Constraints
from molmo_act.generation.one_prompt.network import StepNetwork
from molmo_act.generation.one_prompt.places import Places
from molmo_act.generation.one_prompt.tables import ReadPrompt
from molmo_act.generation.outputs import GeneratedAnswer, refuse_overflow


@dataclass
class _Cache:
    """What the network has read: a cache of its own, and which of its rows are valid, in order."""

    past: Any
    rows: np.ndarray


class Decoder:
    """Decodes the answer to one prompt.

    Args:
        network: The network.
        config: Configuration of the model.
        grammar: Ids that answers are made of.
        prompt: The prompt, read with the drafted opening of the answer behind it.
        query: What it asks for; the end of the answer is drafted from it, and it changes no answer.
        order: "reference" or "masked", see `molmo_act.generation.sampling.DecodingRules`.
        limits: When the answer ends at the latest.
        instead: What to do about a network whose numbers are not finite, a sentence.

    Raises:
        InputError: The image has no place for as many points as were asked for.
    """

    def __init__(
        self,
        network: StepNetwork,
        config: PointConfig,
        grammar: AnswerGrammar,
        prompt: ReadPrompt,
        query: str,
        *,
        order: str,
        limits: GenerationLimits,
        instead: str,
    ) -> None:
        tables, rules = prompt.tables, OrderRules.of(config)
        self._network, self._config, self._grammar, self._prompt = network, config, grammar, prompt
        self._rules, self._limits, self._instead = rules, limits, instead
        patches, slots = tables.valid.shape
        self._ids = PromptIds(
            config.extended_vocab_start, patches, slots, config.num_locations, config.no_more_points_class
        )
        self._chooser = Chooser(network, config, tables, self._ids, order, rules, grammar.list_end)
        self._tree = TreeShape(slots, config.num_locations > 0)
        self._depths, self._attends = self._tree.depths(), self._tree.attends()
        self._plan: tuple[np.ndarray, np.ndarray] | None = None
        self._places = Places.of(tables.valid, tables.indexable, rules)
        if limits.exactly is not None:
            self._places.check(limits.exactly)
            plan = ExactPlan.of(grammar, limits.exactly, config)
            self._plan = np.array(plan.kinds), np.array(plan.left)
        self._answer = Answer(
            first_extended_id=self._ids.start,
            no_more_points_id=self._ids.no_more_points if config.no_more_points_class else NONE,
            end_ids=grammar.end_ids,
            limits=limits,
            draft=grammar.after_points(query),
            closing=grammar.closing,
        )

    def steps(self, began: float) -> Generator[None, None, GeneratedAnswer]:
        """Decodes the answer.

        Args:
            began: When the prompt was begun, by `time.perf_counter`; the time limit counts from there.

        Yields:
            None, after every step.

        Returns:
            The answer.

        Raises:
            CheckpointError: The network gives numbers that are not finite.
        """
        answer, timeout = self._answer, self._limits.timeout
        opening_probability = self._start()
        refuse_overflow([opening_probability], self._network.dtype, self._instead)
        while not answer.stopped:
            if timeout is not None and time.perf_counter() - began > timeout:
                break
            self._step()
            yield
        most = self._limits.max_new_tokens
        return GeneratedAnswer(
            tokens=answer.tokens[:most],
            probabilities=answer.probabilities[:most],
            first_patch_probabilities=answer.first_patch_probabilities,
            patch_features=self._patch_features(answer.tokens[:most]),
            opening_probability=opening_probability,
            truncated=not answer.complete or len(answer.tokens) > most,
            refused=answer.refused,
        )

    def _start(self) -> float:
        """Makes the first choices; gives the probability that the answer begins with the opening."""
        opening, prompt = self._grammar.opening, self._prompt
        fed = np.array([NONE, *opening])
        hidden = prompt.hidden[-len(fed) :]
        constraints = Constraints(
            last_patch=NONE,
            last_slot=np.full(len(fed), NONE),
            ended=False,
            words_only=np.arange(len(fed)) == 0,  # a prompt opens no point
            just_ended=np.zeros(len(fed), bool),
            **self._exact(0, len(fed)),
        )
        choice = self._chooser.token(hidden, constraints)
        first = choice.word_logits[0]
        powers = np.exp(first - first.max())
        accepted = self._answer.accept(
            StepChoices(
                fed, choice.ids, choice.probabilities, choice.patch_probabilities, False, choice.refused
            )
        )
        kept = prompt.length - len(opening) + accepted - 1
        self._cache = _Cache(prompt.past, np.arange(kept))
        return float(powers[opening[0]] / powers.sum())

    def _step(self) -> None:
        """Feeds what is pending with its draft, and accepts what was right of it."""
        offset = self._answer.pending - self._ids.start
        if 0 <= offset < self._ids.num_patches:
            self._point(offset)
        else:
            self._words([self._answer.pending, *self._answer.drafted_words()])

    def _words(self, words: Sequence[int]) -> None:
        answer, fed = self._answer, np.array(words)
        # Of the extended ids only "no more points" is fed among words, as the patch word.
        ids = np.where(fed >= self._ids.start, self._config.patch_token_id, fed)
        embeds = np.asarray(self._network.embeddings[ids], np.float32)
        hidden = self._read(embeds, np.arange(len(fed)), np.tri(len(fed), dtype=bool))
        constraints = Constraints(
            last_patch=answer.last_patch,
            last_slot=np.full(len(fed), answer.last_slot),
            ended=answer.ended,
            words_only=np.zeros(len(fed), bool),
            just_ended=fed == answer.no_more_points_id,
            **self._exact(0, len(fed)),
        )
        choice = self._chooser.token(hidden, constraints)
        accepted = answer.accept(
            StepChoices(
                fed, choice.ids, choice.probabilities, choice.patch_probabilities, False, choice.refused
            )
        )
        self._keep(np.arange(accepted), len(fed))

    def _point(self, patch: int) -> None:
        answer, tree, ids = self._answer, self._tree, self._ids
        last = answer.last_patch, answer.last_slot
        number = self._grammar.numbers[min(answer.num_points + 1, len(self._grammar.numbers) - 1)]
        hidden = self._read(self._tree_embeds(patch, number), self._depths, self._attends)
        slot, share = self._chooser.subpatch(hidden[0], patch, self._allowed_slots(patch, *last))
        branch = np.concatenate(([0], tree.first_nodes() + max(slot, 0)))
        fed, shares = [ids.start + patch, ids.subpatch_start + slot if slot >= 0 else NONE], [share]
        if tree.has_locations:
            location, share = self._chooser.location(hidden[branch[1]])
            fed, shares = [*fed, ids.location_start + location], [*shares, share]
        choices = self._point_choices(hidden[branch], np.array([*fed, number]), shares, patch, slot)
        accepted = answer.accept(choices)
        answer.last_patch, answer.last_slot = patch, slot if slot >= 0 else answer.last_slot
        self._keep(branch[:accepted], len(hidden))

    def _point_choices(
        self, hidden: np.ndarray, fed: np.ndarray, shares: list[float], patch: int, slot: int
    ) -> StepChoices:
        """Choices along the branch of a point: its parts were chosen, what follows them competes.

        Right behind its last part, a point's own slot does not count yet: so the released rules look back.
        """
        parts = len(shares)
        before = self._answer.last_slot
        constraints = Constraints(
            last_patch=patch,
            last_slot=np.array([before, slot]),
            ended=self._answer.ended,
            words_only=np.zeros(2, bool),
            just_ended=np.zeros(2, bool),
            **self._exact(parts, parts + 2),
        )
        choice = self._chooser.token(hidden[parts:], constraints)
        # Where no slot was left nothing is legal: the released code then takes the first word there is.
        own = fed[1 : parts + 1]
        return StepChoices(
            fed=fed,
            ids=np.concatenate((np.maximum(own, 0), choice.ids)),
            probabilities=np.concatenate((np.array(shares) * (own >= 0), choice.probabilities)),
            patch_probabilities=choice.patch_probabilities,
            completes=slot >= 0 and int(choice.ids[0]) < self._ids.start,
            refused=np.concatenate((np.zeros(parts, bool), choice.refused)),
        )

    def _tree_embeds(self, patch: int, number: int) -> np.ndarray:
        """(W, D) embeddings of the nodes of a point's tree."""
        config, tables, tree = self._config, self._prompt.tables, self._tree
        words = [config.patch_token_id, config.location_token_id, number]
        patch_word, location, number_word = np.asarray(self._network.embeddings[np.array(words)], np.float32)
        slots = self._network.slot_embeddings(tables.windows[patch])
        parts = [(patch_word + tables.features[patch])[None], slots]
        if tree.has_locations:
            parts.append(np.broadcast_to(location, slots.shape))
        return np.concatenate([*parts, np.broadcast_to(number_word, slots.shape)])

    def _allowed_slots(self, patch: int, last_patch: int, last_slot: int) -> np.ndarray:
        """Bool (K,), which slots of the pending patch may be chosen."""
        if self._limits.exactly is not None:
            left = max(self._limits.exactly - 1 - self._answer.num_points, 0)
            return self._places.subpatches(patch, last_patch, last_slot, left)
        chosen, *last = (np.asarray(value) for value in (patch, last_patch, last_slot))
        slots = np.arange(self._tree.slots)
        allowed: np.ndarray = allowed_subpatches(slots, chosen, last[0], last[1], self._rules)
        return allowed

    def _exact(self, first: int, end: int) -> dict[str, Any]:
        """What has to come behind the nodes from `first` to `end` of the branch."""
        if self._plan is None:
            return {}
        kinds, left = self._plan
        place = np.minimum(len(self._answer.tokens) + np.arange(first, end), len(kinds) - 1)
        return {"kinds": kinds[place], "left": left[place], "places": self._places}

    def _read(self, embeds: np.ndarray, depth: np.ndarray, attends: np.ndarray) -> np.ndarray:
        """(W, D) hidden states of nodes behind what was read; `depth` says how far behind each stands."""
        length = len(self._cache.rows)
        seen = np.concatenate((np.ones((len(embeds), length), bool), attends), axis=1)
        kept, past = self._cache.rows, self._cache.past
        hidden, past = self._network.read(embeds, length + depth, seen, kept, past, last_use=True)
        self._cache = _Cache(past, np.arange(length))
        return hidden

    def _keep(self, nodes: np.ndarray, fed: int) -> None:
        """Keeps some of the nodes that were just read, behind the rows that were valid before."""
        length = len(self._cache.rows)
        assert nodes.max() < fed
        self._cache.rows = np.concatenate((self._cache.rows, length + nodes))

    def _patch_features(self, tokens: Sequence[int]) -> dict[int, np.ndarray]:
        """Features of the patches of an answer, by the index of their ids."""
        first, patches = self._ids.start, self._ids.num_patches
        return {
            index: self._prompt.tables.features[token - first].copy()
            for index, token in enumerate(tokens)
            if 0 <= token - first < patches
        }
