"""The parts of a MolmoPoint of torch that decode steps of one prompt ask, for CPUs.

Choices among a few hundred patches are a few dozen small operators, each of which costs torch more than its
numbers; so for one prompt NumPy makes them (`molmo_act.generation.one_prompt`), and torch what has weights.
Arrays and tensors share their memory. Shape letters are those of `molmo_act.generation.one_prompt.network`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Linear
from transformers.models.molmo2.modeling_molmo2 import Molmo2RMSNorm

from molmo_act.formats.protocols import PointConfig
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.one_prompt.tables import ImageTables, ReadPrompt
from molmo_act.generation.prefill import PrefillOutput
from molmo_act.generation.sampling import FEW_ROWS
from molmo_act.models.copying import is_changed
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.step_blocks import StepBlocks


class TorchSteps:
    """A `StepNetwork`, to be asked in inference mode.

    Args:
        model: One whose language model `StepBlocks` fits.
        cache: What it has read of the prompt.
    """

    dtype = "float32"

    def __init__(self, model: MolmoPointForConditionalGeneration, cache: TreeCache) -> None:
        self._model, self._core, self._head = model, model.model, model.model.point_predictor
        self._blocks, self._cache = StepBlocks(self._core.language_model), cache
        self._plain_words = _is_plain(model)
        self._embeddings = _array(self._core.language_model.embed_tokens.weight.detach())

    @property
    def embeddings(self) -> np.ndarray:
        """See `StepNetwork.embeddings`."""
        return self._embeddings

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
        """See `StepNetwork.read`; the cache is always written over."""
        kept, fed = len(keep), len(embeds)
        self._cache.close_up(keep)
        self._cache.prepare(torch.arange(kept, kept + fed)[None], kept + fed, in_line=True)
        mask = torch.from_numpy(attends)[None, None]
        x_1WD = self._blocks(_one(embeds), mask, _one(positions), self._cache)
        return _array(x_1WD[0]), past

    def words(self, hidden: np.ndarray) -> np.ndarray:
        """See `StepNetwork.words`."""
        x_ND, norm, head = torch.from_numpy(hidden), self._core.final_norm, self._model.lm_head
        if not self._plain_words:
            return _array(head(norm(x_ND[None]))[0].float())
        x_ND = F.rms_norm(x_ND, norm.weight.shape, norm.weight, norm.variance_epsilon)
        if FEW_ROWS[0] <= len(hidden) <= FEW_ROWS[1]:  # see `sampling`
            return _array((head.weight @ x_ND.T).T.contiguous())
        return _array(torch.mm(x_ND, head.weight.T))

    def patch_scores(
        self,
        hidden: np.ndarray,
        positions: np.ndarray,
        keys: np.ndarray,
        indexable: np.ndarray,
        num_keys: int,
    ) -> np.ndarray:
        """See `StepNetwork.patch_scores`."""
        scores_1NP = self._head.scores_of_patches(
            _one(hidden), _one(positions), _one(keys), _one(indexable), torch.tensor([num_keys])
        )
        return _array(scores_1NP[0])

    def subpatch_scores(self, hidden: np.ndarray, keys: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """See `StepNetwork.subpatch_scores`."""
        return _array(self._head.scores_of_subpatches(*map(torch.from_numpy, (hidden, keys, valid))))

    def location_scores(self, hidden: np.ndarray) -> np.ndarray:
        """See `StepNetwork.location_scores`."""
        return _array(self._head.scores_of_locations(torch.from_numpy(hidden)))

    def slot_embeddings(self, windows: np.ndarray) -> np.ndarray:
        """See `StepNetwork.slot_embeddings`."""
        return _array(self._core.build_vit_embedding(torch.from_numpy(windows)))


@dataclass(frozen=True)
class StepSettings:
    """What decode steps read of a configuration; reading transformers' own takes a while each time."""

    extended_vocab_start: int
    num_locations: int
    no_more_points_class: bool
    mask_repeats: str | None
    mask_patches: str | None
    mask_subpatches: str | None
    patch_token_id: int
    subpatch_token_id: int
    location_token_id: int
    score_temperature: float | None

    @classmethod
    def of(cls, config: PointConfig) -> StepSettings:
        """Reads a configuration.

        Args:
            config: Of the model.

        Returns:
            The same settings.
        """
        return cls(**{field.name: getattr(config, field.name) for field in fields(cls)})


def can_step_alone(model: MolmoPointForConditionalGeneration) -> bool:
    """Says whether a model's prompts can be decoded one by one in NumPy.

    Args:
        model: MolmoPoint.

    Returns:
        Whether all that it computes in a step is float32 on a CPU.
    """
    core = model.model
    parts = core.final_norm, core.build_vit_embedding, core.point_predictor, model.lm_head
    weights = [weight for part in parts for weight in part.parameters()]
    return StepBlocks.fits(core.language_model) and all(weight.dtype == torch.float32 for weight in weights)


def read_prompt(prefilled: PrefillOutput) -> ReadPrompt | None:
    """What was read of a batch of one prompt, as arrays.

    Args:
        prefilled: The prompt, with the drafted opening of the answer behind it.

    Returns:
        The same in the same memory; None of more prompts, or of one that is padded.
    """
    state = prefilled.state
    if len(prefilled.x_BWD) != 1 or not bool(prefilled.real_BS.all()):
        return None
    tables = ImageTables(
        features=_array(state.image_features_BPD[0]),
        windows=_array(state.vit_features_BPKC[0]),
        valid=_array(state.subpatch_valid_BPK[0]),
        subpatch_keys=_array(state.subpatch_keys_BPKE[0]),
        indexable=_array(state.indexable_BP[0]),
        positions=_array(state.positions_BP[0]),
        patch_keys=_array(state.patch_keys_BPE[0]),
    )
    hidden = _array(prefilled.x_BWD[0])
    return ReadPrompt(tables, None, prefilled.length - 1 + len(hidden), hidden)


def _is_plain(model: MolmoPointForConditionalGeneration) -> bool:
    """Whether logits of words are one norm and one product."""
    norm, head = model.model.final_norm, model.lm_head
    plain = type(norm) is Molmo2RMSNorm and type(head) is Linear and head.bias is None
    return plain and not is_changed(norm) and not is_changed(head)


def _array(tensor: Tensor) -> np.ndarray:
    found: np.ndarray = tensor.numpy()
    return found


def _one(values: np.ndarray) -> Tensor:
    """A batch of one."""
    return torch.from_numpy(values)[None]
