"""Answers in the released format and in its ablations."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.encoding.answer_format import AnswerFormat
from molmo_act.errors import InputError
from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

IDS = PromptIds(start=1000, num_patches=50, num_subpatches=4)
TRIPLES = np.array([[0, 1, 2], [7, 3, 8]])
FIRST, SECOND, NO_MORE = [1000, 1052, 1057], [1007, 1054, 1063], 1050


def ids_of(answer: list[str | int]) -> list[int]:
    return [each for each in answer if isinstance(each, int)]


def words_of(answer: list[str | int]) -> str:
    return "".join(each for each in answer if isinstance(each, str))


def test_points_are_ids_between_their_numbers_and_end_with_no_more() -> None:
    answer = AnswerFormat().write_tokens(TRIPLES, "cup", IDS)
    assert ids_of(answer) == [*FIRST, *SECOND, NO_MORE]
    assert words_of(answer) == '<points coords="12">cup</points>'


def test_tracks_carry_the_ids_of_their_objects() -> None:
    answer = AnswerFormat().write_tokens(TRIPLES, "cup", IDS, object_ids=[5, 2], tag="tracks")
    assert words_of(answer) == '<tracks coords="52">cup</tracks>'


@pytest.mark.parametrize(
    ("form", "empty"),
    [
        (AnswerFormat(), [NO_MORE]),  # nano says it with a token
        (AnswerFormat(empty="words"), []),
        (AnswerFormat(no_more_points=False), []),  # there is no such token
    ],
)
def test_nothing_is_said_with_a_token_or_in_words(form: AnswerFormat, empty: list[int]) -> None:
    answer = form.write_tokens(np.empty((0, 3), int), "cup", IDS)
    assert ids_of(answer) == empty
    assert bool(empty) != (words_of(answer) == "There are none.")


def test_without_the_class_lists_end_with_their_words() -> None:
    assert ids_of(AnswerFormat(no_more_points=False).write_tokens(TRIPLES, "cup", IDS)) == [*FIRST, *SECOND]


def test_text_is_in_thousandths_from_top_to_bottom_unless_shuffled() -> None:
    xy = np.array([[150.0, 80.0], [50.0, 20.0]])
    ascending = AnswerFormat(coordinates="text").write_text(xy, "cup", (200, 100))
    assert ascending == '<points coords="1 1 250 200 2 750 800">cup</points>'
    as_given = AnswerFormat(coordinates="text", order="shuffled").write_text(xy, "cup", (200, 100))
    assert as_given == '<points coords="1 1 750 800 2 250 200">cup</points>'
    assert AnswerFormat(coordinates="text").write_text(xy[:0], "cup", (200, 100)) == "There are none."


@pytest.mark.parametrize(
    ("field", "value"), [("coordinates", "pixels"), ("order", "descending"), ("empty", "nothing")]
)
def test_values_that_are_not_known_are_refused(field: str, value: str) -> None:
    with pytest.raises(InputError, match=f"{field} is '{value}'; expected"):
        AnswerFormat(**{field: value})


def test_a_model_that_learned_shuffled_points_may_say_them_in_any_order() -> None:
    config = MolmoPointConfig()
    before = (config.mask_patches, config.mask_subpatches)
    AnswerFormat().configure(config)
    assert (config.mask_patches, config.mask_subpatches) == before
    AnswerFormat(order="shuffled").configure(config)
    assert (config.mask_patches, config.mask_subpatches) == ("never", "never")
