"""Grounding triples, their text and their pixels agree with the original code and with one another."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from molmo_act.errors import CheckpointError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.formats.grounding_tokens import (
    AnswerGrammar,
    PromptIds,
    encode_grounded_text,
    grounding_start,
    printable_text,
    write_points,
)
from molmo_act.formats.patch_geometry import ground_points
from molmo_act.formats.point_extraction import extract_grounding_points, parse_grounding_text
from molmo_act.models.molmo_point.tiling import preprocess_image
from tests.support.recorded_cases import CASES, RUNS, TEN, case
from tests.support.tiny_checkpoint import tiny_processor


@pytest.mark.parametrize(
    "name", ["case_image_one", "case_image_many"]
)  # the other ends without no-more-points
def test_text_of_the_original_code_is_written_exactly(name: str) -> None:
    facts, arrays = case(name)
    pooling = arrays["meta.token_pooling"]
    text = facts["greedy_text"].removesuffix("<|im_end|>")
    label = text.rsplit("<", 1)[0].rsplit(">", 1)[1]
    prompt = PromptIds(facts["bounds"]["patch_start"], *pooling.shape)
    ids, triples = parse_grounding_text(text, prompt)
    assert len(triples) > 5
    assert printable_text(write_points(triples, ids, label, prompt), prompt) == text


def test_pixels_become_text_and_pixels_again() -> None:
    rng = np.random.default_rng(5)
    picture = preprocess_image(np.zeros((333, 517, 3), dtype=np.uint8), Geometry(max_crops=6))
    size = picture.image_size
    xy = rng.uniform(0, size, (30, 2))
    triples = ground_points(xy, size, picture.token_pooling, picture.subpatch_mapping)
    prompt = PromptIds(700, *picture.token_pooling.shape)
    text = printable_text(write_points(triples, range(1, 31), "red cups", prompt), prompt)
    rows = extract_grounding_points(
        text, True, "3x3", picture.token_pooling, [picture.subpatch_mapping], [size]
    )
    assert [row[0] for row in rows] == list(range(1, 31))
    cell = np.array(size) / picture.subpatch_mapping.shape[::-1] / 3
    assert (np.abs(np.array(rows)[:, 2:] - xy) <= cell).all()


def test_writing_tracks_and_lists_without_an_end() -> None:
    tracks = write_points([(3, 1, 5)], [2], "mug", TEN, tag="tracks")
    assert tracks == ['<tracks coords="', 53, 62, 70, "2", 60, '">mug</tracks>']
    assert printable_text(tracks, TEN) == (
        '<tracks coords="<POINT_3><POINT_12><POINT_20>2<POINT_10>">mug</tracks>'
    )
    assert write_points([], [], "mug", TEN) == ['<points coords="', 60, '">mug</points>']
    assert write_points([], [], "mug", TEN, no_more_points=False) == ['<points coords="', '">mug</points>']
    with pytest.raises(ValueError, match="shorter"):
        write_points([(3, 1, 5)], [], "mug", TEN)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", CASES)
def test_ids_are_read_as_their_text(name: str, run: str) -> None:
    facts, arrays = case(name)
    prompt = PromptIds(facts["bounds"]["patch_start"], *arrays["meta.token_pooling"].shape)
    tokens = arrays["greedy.tokens"].tolist() if run == "greedy" else facts[f"{run}_tokens"]
    found = AnswerGrammar.of(tiny_processor().tokenizer).parse(tokens, prompt)
    object_ids, triples = parse_grounding_text(facts[f"{run}_text"], prompt)
    assert found.object_ids.tolist() == object_ids.tolist()
    assert found.triples.tolist() == triples.tolist()
    assert prompt.encode(triples).tolist() == [tokens[first : first + 3] for first in found.positions]


@pytest.mark.parametrize(
    ("number", "object_ids"),
    [("7", [7]), (" 7", [7]), ("12", [12]), ("", []), ("  7", []), ("x7", []), ('">', []), ("1" * 10, [])],
)
def test_numbers_among_ids(number: str, object_ids: list[int]) -> None:
    tokenizer = tiny_processor().tokenizer
    start = grounding_start(tokenizer)
    prompt = PromptIds(start, 10, 4)
    words = tokenizer.encode(number, add_special_tokens=False)
    tokens = [5, start + 1, start + 3, start + 12, start + 20, *words, start + 4]
    found = AnswerGrammar.of(tokenizer).parse(tokens, prompt)
    assert found.object_ids.tolist() == object_ids
    assert found.positions.tolist() == [2] * len(object_ids)  # the stray patch is left out
    assert found.triples.tolist() == [[3, 1, 5]] * len(object_ids)


def test_written_ids_are_those_of_the_text() -> None:
    tokenizer = tiny_processor().tokenizer
    prompt = PromptIds(grounding_start(tokenizer), 10, 4)
    answer = ["Into the ", *write_points([(3, 1, 5), (3, 2, 0)], [1, 12], " ä mug", prompt), ", done."]

    def encode(words: str) -> list[int]:
        return tokenizer.encode(words, add_special_tokens=False)

    tokens = encode_grounded_text(answer, encode)
    assert tokens == encode(printable_text(answer, prompt))
    assert AnswerGrammar.of(tokenizer).parse(tokens, prompt).object_ids.tolist() == [1, 12]


def test_a_tokenizer_without_grounding_tokens_is_refused() -> None:
    class Words:
        def get_vocab(self) -> dict[str, int]:
            return {"word": 0}

    with pytest.raises(CheckpointError, match="<POINT_0>"):
        grounding_start(Words())


@pytest.mark.parametrize("ids", [[], [0]])
def test_a_tokenizer_without_words_is_refused(ids: list[int]) -> None:
    """Of an empty vocabulary, and of one that gives all words the same id."""
    tokenizer = SimpleNamespace(encode=lambda text, **_: ids, eos_token_id=1)
    with pytest.raises(
        CheckpointError, match=r"has no words for .*; expected the vocabulary of a MolmoPoint"
    ):
        AnswerGrammar.of(tokenizer)
