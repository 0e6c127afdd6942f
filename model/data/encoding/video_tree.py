"""Encodes a video and everything that is asked about it as one message tree of token ids.

The prompt spells every frame behind its time; frames see one another in both directions, times only what came
before. Points come in the order of the frames' image tokens, each with the number of its object.
"""

from __future__ import annotations

import numpy as np

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.message_tree import MessageTree, TurnEncoder
from model.data.schema import VideoQuery, VideoSample
from molmo_act.errors import InputError
from molmo_act.formats.grounding_tokens import GroundedText
from molmo_act.formats.patch_geometry import ground_points
from molmo_act.formats.vision_tokens import VIDEO_PLACEHOLDER
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from molmo_act.models.molmo_point.video_processing_molmo_point import ProcessedVideo

PROMPTS = {"pointing": None, "tracking": "track"}
"""Name of the template of each kind of question; None for the checkpoint's default, as at inference."""
TAGS = {"pointing": "points", "tracking": "tracks"}


class VideoTreeEncoder:
    """Encodes videos for one processor and one answer format.

    Args:
        processor: Cuts frames and spells prompts.
        form: How points are written.
        config: Configuration of the model, see `TurnEncoder`.
    """

    def __init__(
        self, processor: MolmoPointProcessor, form: AnswerFormat, config: MolmoPointConfig | None = None
    ) -> None:
        self._processor, self.form = processor, form
        self._turns = TurnEncoder(processor, config)

    def encode(self, sample: VideoSample, rng: np.random.Generator, num_points: int) -> MessageTree:
        """Encodes a video as a tree of at most `num_points` branches.

        Args:
            sample: The video with its questions.
            rng: Source of the choice and order of branches.
            num_points: Most branches.

        Returns:
            The message tree.

        Raises:
            InputError: The answer format is one that exists for images only.
        """
        if self.form.coordinates == "text" or self.form.order != "ascending":
            raise InputError("Videos are answered in grounding tokens in ascending order; change form.")
        video = self._processor.video_processor.preprocess(sample.video)
        asked = rng.permutation(len(sample.queries))[:num_points]
        prefix = np.array(self._processor.encode_prompt(VIDEO_PLACEHOLDER, videos=[video]))
        return MessageTree(
            patches=video.patches.numpy(),
            token_pooling=video.token_pooling.numpy(),
            prefix=prefix,
            is_vision=np.isin(prefix, self._processor.vision_ids.all()),
            branches=tuple(
                self._turns.branch(
                    [self._processor.prompts.ask(query.text, PROMPTS[query.kind])],
                    self._answer(query, video),
                    query.kind,
                )
                for query in (sample.queries[i] for i in asked)
            ),
        )

    def _answer(self, query: VideoQuery, video: ProcessedVideo) -> GroundedText:
        rows = sorted({(*self._triple(s.frame, s.point, video), s.object_id) for s in query.frame_points})
        triples = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3)
        numbers = [row[3] for row in rows] if query.kind == "tracking" else None
        ids = self._turns.prompt_ids(video.token_pooling)
        return self.form.write_tokens(triples, query.label, ids, object_ids=numbers, tag=TAGS[query.kind])

    def _triple(self, frame: int, point: tuple[float, float], video: ProcessedVideo) -> tuple[int, int, int]:
        mapping = video.subpatch_mapping[frame].numpy()
        found = ground_points([point], video.video_size, video.token_pooling.numpy(), mapping)[0]
        return int(found[0]), int(found[1]), int(found[2])
