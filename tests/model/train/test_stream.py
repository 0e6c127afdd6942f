"""Which lesson a batch belongs to, and that workers together yield the stream of one."""

from __future__ import annotations

import itertools

from model.train.stream import BatchStream, Curriculum, StreamConfig


class Named:
    """A lesson whose batches say where they come from."""

    def __init__(self, name: str) -> None:
        self.name = name

    def draw(self, number: int):
        return self.name, number


def kinds(config: StreamConfig, count: int) -> str:
    curriculum = Curriculum(config, Named("s"), Named("p"))
    return "".join(curriculum.draw(number)[0] for number in range(count))


def test_sheets_come_first_and_again():
    assert kinds(StreamConfig(sheets_until=3, review_every=4), 10) == "sssps" + "ppps" + "p"
    assert kinds(StreamConfig(sheets_until=3, review_every=0), 6) == "sssppp"
    assert kinds(StreamConfig(), 4) == "pppp"


def test_a_stream_starts_where_it_is_told():
    lesson = Named("s")
    assert list(itertools.islice(BatchStream(lesson, 5), 3)) == [("s", 5), ("s", 6), ("s", 7)]
