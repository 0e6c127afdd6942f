"""The parts of a MolmoPoint of torch as a `Network` of one prompt, to compare decoders alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.prefill import new_cache
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration


class TorchNetwork:
    """The modules of a model, one prompt at a time; `reads` counts forward passes of the language model."""

    dtype = "float32"

    def __init__(self, model: MolmoPointForConditionalGeneration) -> None:
        self._model, self._core, self._head = model, model.model, model.model.point_predictor
        self.embeddings = self._core.language_model.embed_tokens.weight.detach().numpy()
        self.reads = 0

    @torch.inference_mode()
    def see(self, pixel_values: np.ndarray) -> np.ndarray:
        return self._core._features(torch.from_numpy(pixel_values)).numpy()

    @torch.inference_mode()
    def connect(self, windows: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        given = torch.from_numpy(windows)
        features = self._core.multi_modal_projector(given, torch.from_numpy(valid))
        return features.numpy(), self._head.subpatch_k(given).numpy()

    @torch.inference_mode()
    def read(
        self,
        embeds: np.ndarray,
        positions: np.ndarray,
        attends: np.ndarray,
        keep: np.ndarray,
        past: Any,
        *,
        last_use: bool = False,
    ) -> tuple[np.ndarray, Any]:
        self.reads += 1
        kept, width = len(keep), len(embeds)
        cache: TreeCache = new_cache(self._model, 1, kept + width)
        if kept:
            cache.values_2LBHSD[:, :, :, :, :kept] = past[:, :, :, :, torch.from_numpy(keep)]
        cache.prepare(torch.arange(kept, kept + width)[None], kept + width)
        hidden = self._core.language_model(
            inputs_embeds=torch.from_numpy(embeds)[None],
            attention_mask=torch.from_numpy(attends)[None, None],
            position_ids=torch.from_numpy(positions)[None],
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return hidden[0].numpy(), cache.values_2LBHSD

    @torch.inference_mode()
    def words(self, hidden: np.ndarray) -> np.ndarray:
        return F.linear(self._core.final_norm(_one(hidden)[0]), self._model.lm_head.weight).numpy()

    @torch.inference_mode()
    def patch_keys(self, hidden: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return self._head.patch_keys(_one(hidden), _one(positions))[0].numpy()

    @torch.inference_mode()
    def patch_scores(
        self,
        hidden: np.ndarray,
        positions: np.ndarray,
        keys: np.ndarray,
        indexable: np.ndarray,
        num_keys: int,
    ) -> np.ndarray:
        given = [_one(each) for each in (hidden, positions, keys, indexable)]
        return self._head.scores_of_patches(*given, torch.tensor([num_keys]))[0].numpy()

    @torch.inference_mode()
    def subpatch_scores(self, hidden: np.ndarray, keys: np.ndarray, valid: np.ndarray) -> np.ndarray:
        return self._head.scores_of_subpatches(*map(torch.from_numpy, (hidden, keys, valid))).numpy()

    @torch.inference_mode()
    def location_scores(self, hidden: np.ndarray) -> np.ndarray:
        return self._head.scores_of_locations(torch.from_numpy(hidden)).numpy()

    @torch.inference_mode()
    def slot_embeddings(self, windows: np.ndarray) -> np.ndarray:
        return self._core.build_vit_embedding(torch.from_numpy(windows)).numpy()


def _one(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))[None]
