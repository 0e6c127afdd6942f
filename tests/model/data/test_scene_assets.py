"""The archive of drawings: splits never share a drawing, names are ordinary nouns, damage is told clearly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.picture_names import PictureName, picture_name, stamp_name
from model.data.rasterise import Source, iconify_sources, rasterise, write_photos, write_sprites
from model.data.scene_assets import (
    SPRITE_SIDE,
    UNSEEN_STYLES,
    Drawing,
    held_out,
    load_library,
    make_library,
)
from model.data.table_files import table_lines, table_sections
from model.data.vocabulary import clash, plural, popularity, spoken_names, with_article
from molmo_act.errors import InputError

STYLES = ("noto", "fluent", "stamps", "twemoji")
DRAWINGS = tuple(
    Drawing(f"noun{number}", None, style, f"noun{number}", 4, 4) for number in range(200) for style in STYLES
)
PIXELS = np.zeros((len(DRAWINGS), 1, 1, 4), np.uint8)
PHOTOS = np.zeros((0, 480, 640, 3), np.uint8)


def test_splits_share_no_drawing_and_training_knows_every_noun() -> None:
    used = {
        split: set(make_library(PIXELS, DRAWINGS, PHOTOS, split=split).usable)
        for split in ("train", "eval", "style")
    }
    assert not used["train"] & used["eval"]
    assert not (used["train"] | used["eval"]) & used["style"]
    assert all(DRAWINGS[i].style in UNSEEN_STYLES for i in used["style"])
    assert {DRAWINGS[i].noun for i in used["train"]} == {d.noun for d in DRAWINGS}
    assert 0.08 < len(used["eval"]) / 600 < 0.18
    assert used["train"] == set(make_library(PIXELS, DRAWINGS, PHOTOS, split="fresh").usable)


def test_held_out_drawings_stay_the_same_when_others_are_added() -> None:
    few = DRAWINGS[:400]
    assert held_out(few) == {i for i in held_out(DRAWINGS) if i < 400}


def test_an_only_drawing_is_never_held_out() -> None:
    lonely = tuple(Drawing(f"thing{i}", None, "noto", f"thing{i}", 4, 4) for i in range(300))
    assert held_out(lonely) == frozenset()


def test_unknown_split_and_missing_archive_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one of train, fresh, eval, style"):
        make_library(PIXELS, DRAWINGS, PHOTOS, split="test")
    with pytest.raises(InputError, match=r"python -m model\.data\.fetch_assets"):
        load_library(folder=tmp_path)


def test_everyday_nouns_are_drawn_far_more_often() -> None:
    library = make_library(PIXELS, (*DRAWINGS, Drawing("apple", None, "noto", "apple", 4, 4)), PHOTOS)
    rng = np.random.default_rng(0)
    drawn = [library.draw_noun(rng) for _ in range(4000)]
    assert drawn.count("apple") > 5 * drawn.count("noun7")
    chances = popularity(["apple", "abacus", "dog"])
    assert chances[0] > chances[2] > chances[1]
    assert chances.sum() == pytest.approx(1)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{}</svg>'


def _source(body: str, noun: str = "apple", slug: str = "red-apple") -> Source:
    return Source(PictureName(noun), "noto", slug, svg=SVG.format(body))


def test_archive_goes_to_disk_and_back(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    wide = _source('<rect x="5" y="15" width="30" height="15" fill="#ff0000" fill-opacity="0.5"/>')
    again = _source(
        '<rect x="5" y="15" width="30" height="15" fill="#ff0000" fill-opacity="0.5"/>', slug="copy"
    )
    empty = _source("", slug="nothing")
    Image.new("RGB", (300, 100), (10, 20, 30)).save(tmp_path / "ground.png")
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    assert write_photos([tmp_path / "ground.png", tmp_path / "broken.jpg"], tmp_path / "archive") == 1
    assert len(write_sprites([wide, again, empty], tmp_path / "archive")) == 1

    library = load_library(folder=tmp_path / "archive")
    sprite = library.sprite(0)
    assert sprite.shape == (64, SPRITE_SIDE, 4)
    assert sprite[32, 64] == pytest.approx([128, 0, 0, 128], abs=2)  # colour premultiplied by alpha
    assert library.photos.shape == (1, 480, 640, 3)
    assert library.photos[0, 0, 0].tolist() == [10, 20, 30]

    records = json.loads((tmp_path / "archive" / "sprites.json").read_text())
    (tmp_path / "archive" / "sprites.json").write_text(json.dumps(records * 2))
    with pytest.raises(InputError, match="--again"):
        load_library(folder=tmp_path / "archive")


def test_unreadable_markup_is_left_out() -> None:
    pytest.importorskip("resvg_py")
    assert rasterise(_source("<rect")) is None


def test_iconify_packages_are_read_with_their_view_boxes(tmp_path: Path) -> None:
    icons = {
        "red-apple": {"body": "<g/>", "width": 20},
        "flag-fr": {"body": "<g/>"},
        "unheard-of": {"body": "<g/>"},
    }
    (tmp_path / "icons.json").write_text(json.dumps({"width": 32, "height": 32, "icons": icons}))
    categories = {"red-apple": "Food & Drink", "flag-fr": "Flags"}
    (source,) = iconify_sources(tmp_path, "noto", categories)
    assert source.name == PictureName("apple", "red")
    assert source.svg is not None
    assert 'viewBox="0 0 20 32"' in source.svg


@pytest.mark.parametrize(
    ("slug", "category", "expected"),
    [
        ("dog", "Animals & Nature", PictureName("dog")),  # as it is
        ("red-apple", "Food & Drink", PictureName("apple", "red")),  # its colour is stated
        ("blue-heart", "Smileys & Emotion", PictureName("heart", "blue")),  # a coloured one of many
        ("oncoming-automobile", "Travel & Places", PictureName("car")),  # renamed
        ("eight-oclock", "Travel & Places", None),  # clock faces beyond one
        ("nine-oclock", "Travel & Places", PictureName("wall clock")),  # the one
        ("farmer", "People & Body", PictureName("farmer")),
        ("woman-farmer", "People & Body", None),  # gender variant
        ("farmer-dark-skin-tone", "People & Body", None),  # skin-tone variant
        ("flag-france", "Flags", None),  # flag of a country
        ("letter-a", "Symbols", None),  # letter
        ("sunset", "Travel & Places", None),  # whole scenery
        ("dog", None, None),  # of unknown category
    ],
)
def test_emoji_become_ordinary_nouns(slug: str, category: str | None, expected: PictureName | None) -> None:
    assert picture_name(slug, category) == expected


@pytest.mark.parametrize(
    ("slug", "description", "expected"),
    [
        ("animals/cow", "A cow.", PictureName("cow")),
        ("food/apple", "A red apple.", PictureName("apple", "red")),  # with its colour
        ("food/fuji", "A “Fuji” apple.", PictureName("apple")),  # the quoted name of a sort is dropped
        ("clothes/glasses", "A pair of glasses.", PictureName("glasses")),
        ("clothes/tee", "A t shirt.", PictureName("T-shirt")),  # renamed
        ("tools/wrench", "A plumber’s wrench.", PictureName("wrench")),  # typographic apostrophe
        ("household/toilet", "Remember to flush the toilet!", None),  # no name
        ("symbols/alphabets/a", "A letter.", None),  # letters
        ("town/flags/fr", "A flag.", None),  # flags of countries
    ],
)
def test_stamps_become_ordinary_nouns(slug: str, description: str, expected: PictureName | None) -> None:
    assert stamp_name(slug, description) == expected


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("key", "keys"),
        ("bus", "buses"),
        ("cherry", "cherries"),
        ("donkey", "donkeys"),  # vowel before the y
        ("glass of milk", "glasses of milk"),
        ("tennis ball", "tennis balls"),
        ("mouse", "mice"),
        ("sheep", "sheep"),
        ("scissors", "scissors"),
        ("toilet paper", None),
    ],
)
def test_plurals(noun: str, expected: str | None) -> None:
    assert plural(noun) == expected


@pytest.mark.parametrize(
    ("phrase", "noun", "expected"),
    [
        ("apple", "apple", "an apple"),
        ("red apple", "apple", "a red apple"),
        ("unicorn", "unicorn", "a unicorn"),
        ("umbrella", "umbrella", "an umbrella"),
        ("SUV", "SUV", "an SUV"),
        ("scissors", "scissors", "scissors"),
        ("bread", "bread", "bread"),
    ],
)
def test_articles(phrase: str, noun: str, expected: str) -> None:
    assert with_article(phrase, noun) == expected


def test_clash_is_symmetric_and_keeps_lookalikes_apart() -> None:
    assert clash("car", "racing car")
    assert clash("parrot", "owl")
    assert not clash("apple", "dog")
    nouns = ("car", "racing car", "parrot", "owl", "apple", "dog", "glass of milk", "stack of books", "ring")
    assert all(clash(a, b) == clash(b, a) for a in nouns for b in nouns)


def test_other_words_for_a_noun_name_nothing_that_could_stand_beside_it() -> None:
    """Else "the ball" would have two answers, or call an absent thing what is there."""
    everyday = set(table_lines("everyday_nouns.txt"))
    for line in table_lines("spoken_names.txt"):
        noun = line.split(" = ")[0]
        for word in spoken_names(noun):
            assert word != noun
            assert word not in everyday or clash(noun, word), f"{noun!r} is also called {word!r}"


def test_tables_are_well_formed() -> None:
    for name in ("emoji_nouns.txt", "stamp_nouns.txt", "spoken_names.txt"):
        left = [line.split(" = ")[0] for line in table_lines(name)]
        assert all(" = " in line for line in table_lines(name))
        assert len(set(left)) == len(left)
    everyday = table_lines("everyday_nouns.txt")
    assert len(set(everyday)) == len(everyday)
    assert set(table_sections("uncountable.txt")) == {"plural only", "uncounted"}
