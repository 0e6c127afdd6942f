"""Turns a film and what is asked about it into one message tree; knows token ids, no weights.

The prompt spells every frame behind its time; frames see one another in both directions, times only what came
before. Points come in the order of the frames' image tokens, each with the number of its object.
"""

from __future__ import annotations

import numpy as np
from transformers import PreTrainedTokenizerBase

from model.data.answer_form import AnswerForm
from model.data.encode import Tree, TurnEncoder
from model.data.sample import Film, FilmQuery
from molmo_act.errors import InputError
from molmo_act.modeling.grounding_points import ground_points
from molmo_act.modeling.video_processing import MolmoPointVideoProcessor, ProcessedVideo
from molmo_act.modeling.vision_tokens import VisionLayout, video_prompt, vision_token_ids

QUESTIONS = {"pointing": "Point to {}", "tracking": "Track {}"}
TAGS = {"pointing": "points", "tracking": "tracks"}


class FilmEncoder:
    """Encodes films for one tokenizer and one way of cutting frames.

    Raises:
        InputError: Points are to be written in an ablated form, which exists for pictures only.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        processor: MolmoPointVideoProcessor,
        layout: VisionLayout,
        form: AnswerForm,
    ) -> None:
        self._processor, self._layout, self.form = processor, layout, form
        self._vision = vision_token_ids(tokenizer)
        self._turns = TurnEncoder(tokenizer)

    def encode(self, film: Film, rng: np.random.Generator, num_points: int) -> Tree:
        """A tree of at most `num_points` branches.

        Raises:
            InputError: The form of answers is one for pictures only.
        """
        if self.form.coordinates == "text" or self.form.order != "ascending":
            raise InputError("Films are answered in grounding tokens in ascending order; change form.")
        video = self._processor.preprocess(film.video)
        asked = rng.permutation(len(film.queries))[:num_points]
        spelled = video_prompt(video.grid.tolist(), video.timestamps, self._layout)
        prefix = np.array([self._turns.eos, *self._turns.encode(spelled).ids])
        return Tree(
            patches=video.patches.numpy(),
            token_pooling=video.token_pooling.numpy(),
            prefix=prefix,
            is_vision=np.isin(prefix, self._vision.all()),
            branches=tuple(
                self._turns.branch(
                    QUESTIONS[query.kind].format(query.text), self._answer(query, video), query.kind
                )
                for query in (film.queries[i] for i in asked)
            ),
        )

    def _answer(self, query: FilmQuery, video: ProcessedVideo) -> str:
        rows = sorted({(*self._triple(s.frame, s.point, video), s.object_id) for s in query.sightings})
        triples = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3)
        numbers = [row[3] for row in rows] if query.kind == "tracking" else None
        patches, slots = video.token_pooling.shape
        return self.form.write_tokens(
            triples, query.label, patches, slots, object_ids=numbers, tag=TAGS[query.kind]
        )

    def _triple(self, frame: int, point: tuple[float, float], video: ProcessedVideo) -> tuple[int, int, int]:
        mapping = video.subpatch_mapping[frame].numpy()
        found = ground_points([point], video.video_size, video.token_pooling.numpy(), mapping)[0]
        return int(found[0]), int(found[1]), int(found[2])
