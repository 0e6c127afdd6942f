"""Chooses what comes next by the released rules: words against the best patch, subpatches, locations.

As `molmo_act.generation.sampling`, for one prompt. Shape letters are those of `network`, and M positions at
which a choice is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.formats.exact_plan import NO_MORE, PATCH
from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.formats.order_rules import OrderRules, allowed_patches
from molmo_act.formats.protocols import PointConfig
from molmo_act.generation.one_prompt.network import StepNetwork
from molmo_act.generation.one_prompt.places import Places
from molmo_act.generation.one_prompt.tables import ImageTables

NEVER = -1e5
"""What the released code gives to ids that a step cannot produce."""


@dataclass(frozen=True, eq=False)
class Constraints:
    """What earlier points forbid at each of M positions.

    Attributes:
        last_patch: Patch of the last complete point, -1 when there is none.
        last_slot: int64 (M,), slot of the last complete point, -1 when there is none.
        ended: Whether "no more points" was chosen.
        words_only: bool (M,), whether nothing but words may come, whatever the scores.
        just_ended: bool (M,), whether "no more points" came right before.
        kinds: int64 (M,), id of a word that has to come, or a kind of `ExactPlan`; None where the number of
            points is the model's choice.
        left: int64 (M,), how many points must still fit behind the next one.
        places: Where points fit, where their number is certain.
    """

    last_patch: int
    last_slot: np.ndarray
    ended: bool
    words_only: np.ndarray
    just_ended: np.ndarray
    kinds: np.ndarray | None = None
    left: np.ndarray | None = None
    places: Places | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen at each position.

    Attributes:
        ids: int64 (M,).
        probabilities: (M,), probability of each id among the ids of its kind.
        patch_probabilities: (M, P + 1), probability of every patch, "no more points" last.
        word_logits: (M, V).
        refused: bool (M,), where the best patch lies before the last point, so that a word was chosen.
    """

    ids: np.ndarray
    probabilities: np.ndarray
    patch_probabilities: np.ndarray
    word_logits: np.ndarray
    refused: np.ndarray


@dataclass(frozen=True, eq=False)
class Chooser:
    """Chooses for one prompt.

    Attributes:
        network: The network.
        config: Configuration of the model.
        tables: What can be pointed at.
        ids: The grounding ids of the prompt.
        order: "reference" or "masked", see `molmo_act.generation.sampling.DecodingRules`.
        rules: Which orders and repeats are forbidden.
        list_end: First id of the words that end a list of points.
    """

    network: StepNetwork
    config: PointConfig
    tables: ImageTables
    ids: PromptIds
    order: str
    rules: OrderRules
    list_end: int

    def token(self, hidden: np.ndarray, constraints: Constraints) -> Choice:
        """Chooses the best legal id where words and patches compete.

        Args:
            hidden: (M, D) states before the final norm.
            constraints: What earlier points forbid.

        Returns:
            The ids with their probabilities.
        """
        words = self.network.words(hidden)
        config, patches = self.config, self.tables.num_patches
        patch_word = words[:, config.patch_token_id].copy()
        words[:, [config.patch_token_id, config.subpatch_token_id, config.location_token_id]] = NEVER
        word = words.argmax(-1)
        scores = self._patch_scores(hidden, constraints.last_patch)
        allowed = self._allowed(constraints, scores.shape[1])
        masked = self.order == "masked"
        patch = np.minimum((np.where(allowed, scores, -np.inf) if masked else scores).argmax(-1), patches)
        row = np.arange(len(hidden))
        may, wins = allowed[row, patch], patch_word > words[row, word]
        takes = may & wins
        refused = ~may & wins & ~(constraints.ended | constraints.words_only)
        if masked:
            word = np.where(constraints.just_ended, self.list_end, word)
        if constraints.kinds is not None:
            takes, patch, word = self._exact(constraints, scores, patch, word)
            refused = np.zeros_like(refused)
        shares = patch_probabilities(scores, constraints.last_patch, self.ids, config.score_temperature)
        word_share = np.exp(words[row, word] - _log_sum_exp(words))
        return Choice(
            ids=np.where(takes, self.ids.start + patch, word),
            probabilities=np.where(takes, shares[row, patch], word_share),
            patch_probabilities=shares,
            word_logits=words,
            refused=refused,
        )

    def _patch_scores(self, hidden: np.ndarray, last_patch: int) -> np.ndarray:
        tables = self.tables
        position = -1 if last_patch < 0 else int(tables.positions[last_patch])
        num_keys = tables.num_patches + int(self.config.no_more_points_class)
        positions = np.full(len(hidden), position)
        return self.network.patch_scores(hidden, positions, tables.patch_keys, tables.indexable, num_keys)

    def _allowed(self, constraints: Constraints, columns: int) -> np.ndarray:
        """Bool (M, columns); a column behind those of the patches means "no more points"."""
        may = ~(constraints.ended | constraints.words_only)
        last_patch = np.full_like(constraints.last_slot, constraints.last_patch)
        slots = self.ids.num_subpatches
        allowed: np.ndarray = may[:, None] & allowed_patches(
            np.arange(columns), last_patch, constraints.last_slot, slots, self.rules
        )
        return allowed

    def _exact(
        self, constraints: Constraints, scores: np.ndarray, patch: np.ndarray, word: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whether a patch is taken, which one, and which word else, after what has to come."""
        kinds, left, places = constraints.kinds, constraints.left, constraints.places
        assert kinds is not None
        assert left is not None
        assert places is not None
        patches = self.tables.num_patches
        fitting = patch.copy()
        for at in np.flatnonzero(kinds == PATCH):
            fits = places.patches(constraints.last_patch, int(constraints.last_slot[at]), int(left[at]))
            fitting[at] = np.where(fits, scores[at, :patches], -np.inf).argmax()
        patch = np.where(kinds == NO_MORE, patches, fitting)
        return (kinds == PATCH) | (kinds == NO_MORE), patch, np.where(kinds >= 0, kinds, word)

    def subpatch(self, hidden: np.ndarray, patch: int, allowed: np.ndarray) -> tuple[int, float]:
        """Chooses the slot of a patch.

        Args:
            hidden: (D,), the state of the patch.
            patch: The chosen patch.
            allowed: bool (K,), which slots may be chosen.

        Returns:
            The slot and its probability. It is -1 where none is left, which happens when a patch whose last
            slot was used is chosen again.
        """
        one = slice(patch, patch + 1)
        scores = self.network.subpatch_scores(
            hidden[None], self.tables.subpatch_keys[one], self.tables.valid[one]
        )[0]
        if not allowed.any():
            return -1, 0.0
        slot = int(np.where(allowed, scores, -np.inf).argmax())
        return slot, float(softmax(scores)[slot])

    def location(self, hidden: np.ndarray) -> tuple[int, float]:
        """Chooses the location inside a ViT patch.

        Args:
            hidden: (D,), the state of the subpatch.

        Returns:
            The location and its probability.
        """
        shares = softmax(self.network.location_scores(hidden[None])[0])
        location = int(shares.argmax())
        return location, float(shares[location])


def patch_probabilities(
    scores: np.ndarray, last_patch: int, ids: PromptIds, temperature: float | None
) -> np.ndarray:
    """Turns patch scores into probabilities, see `molmo_act.generation.sampling.patch_probabilities`.

    Args:
        scores: (M, P + 1), or (M, P) without a class for "no more points".
        last_patch: Patch of the last complete point, -1 when there is none; patches before it get 0.
        ids: The grounding ids of the prompt.
        temperature: Divisor of raw scores; None for the scores as the model gives them.

    Returns:
        (M, P + 1), "no more points" last; 0 where the model has no such class.
    """
    if temperature is not None:
        keys = np.float32(ids.subpatch_start - ids.start)
        scores = scores * (np.sqrt(keys) / np.float32(temperature))
    shares = softmax(np.where(np.arange(scores.shape[1]) < last_patch, -np.inf, scores))
    return shares if ids.no_more_points_class else np.pad(shares, ((0, 0), (0, 1)))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turns scores into probabilities along the last axis.

    Args:
        scores: (..., N); minus infinity for what is impossible, but not for all.

    Returns:
        (..., N).
    """
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return shares


def _log_sum_exp(scores: np.ndarray) -> np.ndarray:
    best = scores.max(-1)
    total: np.ndarray = best + np.log(np.exp(scores - best[:, None]).sum(-1))
    return total
