"""Losses of packed sequences for VideoMolmo, whose answers are words alone.

Shape letters: see `model.train.data.packed_sequence`; M chosen positions, C width of gathered ViT features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model.train.data.branch_targets import IGNORE
from model.train.data.packed_sequence import PackedSequence
from model.train.losses.base import Losses, LossModule
from model.train.losses.grounding import Choices, loss_of_words
from model.train.losses.packed import weighted_losses
from model.train.losses.temporal import mean_of_frames
from molmo_act.errors import InputError
from molmo_act.models.image_windows import add_image_features, encode_crops, gather_windows
from molmo_act.models.molmo import MolmoForConditionalGeneration


class VideoMolmoLossModule(LossModule):
    """Cross-entropy of the words of answers about frames, each mixed with those before it.

    Args:
        model: The model that is trained, with a temporal module.
        image_token: Id of the tokens that have the features of a window added.
        z_loss: See `loss_of_words`.

    Raises:
        InputError: The model has no temporal module.
    """

    metric_names = ("loss/word", "hits/word")

    def __init__(self, model: MolmoForConditionalGeneration, image_token: int, z_loss: float = 0.0) -> None:
        super().__init__(model)
        if model.model.temporal is None:
            raise InputError("The model has no temporal module; expected one of init_video_molmo.")
        self.image_token, self.z_loss = image_token, z_loss

    def forward(self, batch: PackedSequence) -> Losses:
        """Computes the losses.

        Args:
            batch: One sequence.

        Returns:
            Losses, weighed by the tokens' weights.
        """
        return weighted_losses(self.choices(batch), batch.weight_S)

    def choices(self, batch: PackedSequence) -> dict[str, Choices]:
        """Runs the model with the true answers fed.

        Args:
            batch: One sequence.

        Returns:
            The words, by the name "word".
        """
        core = self.model.model
        words_1S = batch.words_S[None]
        embeds_1SD = core.language_model.embed_tokens(words_1S)
        is_image_1S = words_1S == self.image_token
        x_SD = core.language_model(
            inputs_embeds=add_image_features(embeds_1SD, is_image_1S, self._features(batch)),
            attention_mask=batch.dense_mask(),
            position_ids=batch.position_S[None],
            use_cache=False,
        ).last_hidden_state[0]
        where_S = batch.word_target_S != IGNORE
        target_M = batch.word_target_S[where_S]
        loss_M, likeliest_M = loss_of_words(self.model.lm_head(x_SD[where_S]), target_M, self.z_loss)
        return {"word": Choices(where_S, target_M, loss_M, likeliest_M)}

    def _features(self, batch: PackedSequence) -> Tensor:
        """Features of all image tokens, (N, D)."""
        core = self.model.model
        windows_NKC = gather_windows(encode_crops(core.see, batch.patches), batch.pooling_NK)
        with torch.no_grad():  # as in the released program: only the frame itself teaches the vision tower
            before_MKC = gather_windows(encode_crops(core.see, batch.before), batch.before_pooling_MK)
        mean_NKC, _ = mean_of_frames(before_MKC, batch.before_of_M, len(windows_NKC))
        assert core.temporal is not None  # see __init__
        mixed_NKC = core.temporal(windows_NKC, mean_NKC)
        features_ND: Tensor = core.multi_modal_projector(mixed_NKC, batch.pooling_NK >= 0)
        return features_ND
