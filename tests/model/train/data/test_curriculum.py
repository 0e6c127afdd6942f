"""Which stage a batch belongs to, and that workers together yield the stream of one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from model.data.clips.images import draw_clip_image
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.scenes.generate import draw_scene
from model.train.data.curriculum import BatchStream, Curriculum, CurriculumConfig, PointingStage
from model.train.models.nano import make_processor
from tests.model.data.drawn_icons import WORDS
from tests.model.data.drawn_pages import save_grid
from tests.model.train.small_run import GEOMETRY, make_tokenizer, tiny_config


class Named:
    """A stage whose batches say where they come from."""

    def __init__(self, name: str) -> None:
        self.name = name

    def draw(self, number: int):
        return self.name, number


def kinds(config: CurriculumConfig, count: int) -> str:
    curriculum = Curriculum(config, Named("s"), Named("p"))
    return "".join(curriculum.draw(number)[0] for number in range(count))


def test_sheets_come_first_and_again():
    assert kinds(CurriculumConfig(sheets_until=3, review_every=4), 10) == "sssps" + "ppps" + "p"
    assert kinds(CurriculumConfig(sheets_until=3, review_every=0), 6) == "sssppp"
    assert kinds(CurriculumConfig(), 4) == "pppp"


def test_a_stream_starts_where_it_is_told():
    stage = Named("s")
    assert list(itertools.islice(BatchStream(stage, 5), 3)) == [("s", 5), ("s", 6), ("s", 7)]


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("model.data.web.dataset.word_list", lambda split: WORDS)
    save_grid(tmp_path, "train-windows-0-00000", 640, 560)
    return tmp_path


def drawn_on(folder: Path, monkeypatch: pytest.MonkeyPatch, share: float) -> tuple[int, int]:
    """How many pictures of ten batches were cut from pages, and how many drawn."""
    made: list[int] = []

    def draw_scene_instead(rng, width, height, *, split):
        made.append(0)
        return draw_scene(rng, width, height, None)

    monkeypatch.setattr("model.train.data.curriculum.draw_screen", draw_scene_instead)
    tokenizer = make_tokenizer()
    config = CurriculumConfig(
        screens=1.0, pages=share, pages_folder=folder, crops_per_batch=2, small_until=99
    )
    stage = PointingStage(
        config, tiny_config(tokenizer), ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
    )
    batches = [stage.draw(number) for number in range(10)]
    return len(batches) - len(made), len(made)


def test_a_share_of_the_screens_is_cut_from_pages(pages: Path, monkeypatch: pytest.MonkeyPatch):
    assert drawn_on(pages, monkeypatch, 1.0) == (10, 0)
    cut, drawn = drawn_on(pages, monkeypatch, 0.5)
    assert min(cut, drawn) >= 2


def test_without_a_share_no_page_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert drawn_on(tmp_path / "nowhere", monkeypatch, 0.0)[0] <= 0


def test_a_share_of_the_scenes_is_taken_from_clips(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("model.train.data.curriculum.load_library", lambda split: None)
    taken: list[tuple[int, int]] = []

    def still(rng, width, height):
        taken.append((width, height))
        return draw_clip_image(rng, width, height)

    monkeypatch.setattr("model.train.data.curriculum.draw_clip_image", still)
    tokenizer = make_tokenizer()
    for share, expected in ((0.0, 0), (1.0, 5)):
        config = CurriculumConfig(screens=0.0, clips=share, crops_per_batch=2, small_until=99)
        stage = PointingStage(
            config, tiny_config(tokenizer), ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
        )
        for number in range(5):
            stage.draw(number)
        assert len(taken) == expected
