"""The language models of Molmo 1: those of transformers, with additional words behind their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.models.olmo2.modeling_olmo2 import Olmo2Model
from transformers.models.olmoe.modeling_olmoe import OlmoeMLP, OlmoeModel
from transformers.models.qwen2.modeling_qwen2 import Qwen2Model


class _AdditionalWords:
    """Mixin for language models: image tokens have rows of their own, or lie in unused rows of the table."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)  # type: ignore[call-arg]
        rows = config.vocab_size + config.additional_vocab_size
        self.embed_tokens = nn.Embedding(rows, config.hidden_size)


class MolmoQwen2Model(_AdditionalWords, Qwen2Model):
    """That of Molmo-7B-D and 72B."""


class MolmoOlmo2Model(_AdditionalWords, Olmo2Model):
    """That of Molmo-7B-O: norms behind each sublayer, and of whole queries and keys."""


class MolmoExperts(nn.ModuleList):
    """The experts of a block as layers of their own, so that a quantization finds them like all others.

    transformers keeps the weights of all experts of a block in one tensor, which is no linear layer.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(OlmoeMLP(config) for _ in range(config.num_experts))

    def forward(self, hidden_states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
        """Sums what the chosen experts make of each token, by their weights.

        Args:
            hidden_states: (tokens, width).
            top_k_index: (tokens, chosen) int, which experts.
            top_k_weights: (tokens, chosen), their probabilities among all experts.

        Returns:
            (tokens, width).
        """
        found = torch.zeros_like(hidden_states)
        for number in torch.unique(top_k_index).tolist():
            tokens, place = torch.where(top_k_index == number)
            made = self[number](hidden_states[tokens]) * top_k_weights[tokens, place, None]
            found.index_add_(0, tokens, made.to(found.dtype))
        return found


class MolmoOlmoeModel(_AdditionalWords, OlmoeModel):
    """That of MolmoE-1B: in each block a few of many experts."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        for layer in self.layers:
            layer.mlp.experts = MolmoExperts(config)


LanguageModel: TypeAlias = "MolmoQwen2Model | MolmoOlmo2Model | MolmoOlmoeModel"
_MODELS: dict[str, Callable[[PreTrainedConfig], LanguageModel]] = {
    "qwen2": MolmoQwen2Model,
    "olmo2": MolmoOlmo2Model,
    "olmoe": MolmoOlmoeModel,
}


def language_model(config: PreTrainedConfig) -> LanguageModel:
    """Makes the language model of a configuration, with random weights.

    Args:
        config: See `MolmoConfig.text_config`.

    Returns:
        The model.
    """
    return _MODELS[config.model_type](config)
