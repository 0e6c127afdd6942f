"""What drawings are called: emoji, stamps and icons."""

from __future__ import annotations

from collections import Counter

import pytest

from model.data.assets.names import ObjectName, emoji_name, icon_concepts, stamp_name, window_buttons


@pytest.mark.parametrize(
    ("slug", "category", "expected"),
    [
        ("dog", "Animals & Nature", ObjectName("dog")),  # as it is
        ("red-apple", "Food & Drink", ObjectName("apple", "red")),  # its colour is stated
        ("blue-heart", "Smileys & Emotion", ObjectName("heart", "blue")),  # a coloured one of many
        ("oncoming-automobile", "Travel & Places", ObjectName("car")),  # renamed
        ("eight-oclock", "Travel & Places", None),  # clock faces beyond one
        ("nine-oclock", "Travel & Places", ObjectName("wall clock")),  # the one
        ("farmer", "People & Body", ObjectName("farmer")),
        ("woman-farmer", "People & Body", None),  # gender variant
        ("farmer-dark-skin-tone", "People & Body", None),  # skin-tone variant
        ("flag-france", "Flags", None),  # flag of a country
        ("letter-a", "Symbols", None),  # letter
        ("sunset", "Travel & Places", None),  # whole scenery
        ("dog", None, None),  # of unknown category
    ],
)
def test_emoji_become_ordinary_nouns(slug: str, category: str | None, expected: ObjectName | None) -> None:
    assert emoji_name(slug, category) == expected


@pytest.mark.parametrize(
    ("slug", "description", "expected"),
    [
        ("animals/cow", "A cow.", ObjectName("cow")),
        ("food/apple", "A red apple.", ObjectName("apple", "red")),  # with its colour
        ("food/fuji", "A “Fuji” apple.", ObjectName("apple")),  # the quoted name of a sort is dropped
        ("clothes/glasses", "A pair of glasses.", ObjectName("glasses")),
        ("clothes/tee", "A t shirt.", ObjectName("T-shirt")),  # renamed
        ("tools/wrench", "A plumber’s wrench.", ObjectName("wrench")),  # typographic apostrophe
        ("household/toilet", "Remember to flush the toilet!", None),  # no name
        ("symbols/alphabets/a", "A letter.", None),  # letters
        ("town/flags/fr", "A flag.", None),  # flags of countries
    ],
)
def test_stamps_become_ordinary_nouns(slug: str, description: str, expected: ObjectName | None) -> None:
    assert stamp_name(slug, description) == expected


def test_names_mean_one_concept_and_look_alikes_exist() -> None:
    concepts = icon_concepts() | window_buttons()
    spoken = Counter(name for concept in concepts.values() for name in concept.spoken)
    assert [name for name, count in spoken.items() if count > 1] == []
    for concept in concepts.values():
        assert concept.alike <= set(concepts), concept.name
        assert concept.spoken, concept.name
