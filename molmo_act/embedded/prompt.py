"""Reads a prompt: the image through the vision tower, then its tokens through the language model.

Images come before the question, and nothing up to there attends to what follows; so what was read of an image
serves any number of questions. Shape letters are those of `network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from molmo_act.embedded.config import ModelConfig
from molmo_act.generation.one_prompt.network import Network
from molmo_act.generation.one_prompt.tables import ImageTables, ReadPrompt

PATCHES_AT_ONCE = 1024
"""That the vision tower reads at once, but whole crops: more take memory, and no less time on a CPU."""


def see_image(
    network: Network, config: ModelConfig, pixel_values: np.ndarray, pooling: np.ndarray, ids: np.ndarray
) -> ImageTables:
    """Runs vision tower and connector on an image.

    Args:
        network: The network.
        config: Configuration of the model.
        pixel_values: float32 (crops, patches, pixels of a patch), normalised.
        pooling: int64 (P, K), ViT patches behind each image token, -1 for an empty slot.
        ids: int64 (S,), the ids of the prompt up to the image's end.

    Returns:
        The tables, without the keys of patches.
    """
    at_once = max(1, PATCHES_AT_ONCE // pixel_values.shape[1])
    firsts = range(0, len(pixel_values), at_once)
    features = np.concatenate([network.see(pixel_values[first : first + at_once]) for first in firsts])
    valid = pooling >= 0
    windows = features.reshape(-1, features.shape[-1])[pooling.clip(0)] * valid[..., None]
    image_features, subpatch_keys = network.connect(windows, valid)
    indexable = (ids == config.image_patch_id)[image_tokens(config, ids)]
    return ImageTables(
        image_features,
        windows,
        valid,
        subpatch_keys,
        indexable,
        positions=indexable.cumsum() - 1,
        patch_keys=np.empty((0, 0), np.float32),
    )


def image_tokens(config: ModelConfig, ids: np.ndarray) -> np.ndarray:
    """Says which ids stand for a pooling window, of a global crop or not.

    Args:
        config: Configuration of the model.
        ids: int64 (S,).

    Returns:
        bool (S,).
    """
    tokens: np.ndarray = (ids == config.image_patch_id) | (ids == config.image_non_indexable_patch_id)
    return tokens


def read_image(
    network: Network,
    config: ModelConfig,
    tables: ImageTables,
    ids: Sequence[int],
    pixels: np.ndarray,
    behind: Sequence[int] = (),
) -> ReadPrompt:
    """Reads a prompt up to its image's end, and what follows at once where that is known.

    Args:
        network: The network.
        config: Configuration of the model.
        tables: The image, without the keys of patches.
        ids: Ids up to the end of the image.
        pixels: bool, which of these stand for pixels: they attend to one another in both directions.
        behind: Ids that follow.

    Returns:
        The prompt; `ReadPrompt.hidden` are the states of all its tokens.
    """
    every = np.array([*ids, *behind])
    embeds = np.asarray(network.embeddings[every], np.float32)
    where = np.flatnonzero(image_tokens(config, every[: len(ids)]))
    embeds[where] += tables.features
    both = np.zeros(len(every), bool)
    both[: len(ids)] = pixels
    attends = np.tri(len(every), dtype=bool) | (both[:, None] & both)
    hidden, past = network.read(embeds, np.arange(len(every)), attends, np.empty(0, np.int64), None)
    keys = network.patch_keys(hidden[where], tables.positions)
    return ReadPrompt(replace(tables, patch_keys=keys), past, len(every), hidden)


def read_question(network: Network, prefix: ReadPrompt, ids: Sequence[int]) -> ReadPrompt:
    """Reads what follows an image.

    Args:
        network: The network.
        prefix: The image; it stays as it is.
        ids: Ids of the question, and of the draft behind it.

    Returns:
        The prompt; `ReadPrompt.hidden` are the states of the question.
    """
    width, length = len(ids), prefix.length
    embeds = np.asarray(network.embeddings[np.array(ids)], np.float32)
    attends = np.concatenate((np.ones((width, length), bool), np.tri(width, dtype=bool)), axis=1)
    kept = np.arange(length)
    hidden, past = network.read(embeds, length + np.arange(width), attends, kept, prefix.past)
    return ReadPrompt(prefix.tables, past, length + width, hidden)
