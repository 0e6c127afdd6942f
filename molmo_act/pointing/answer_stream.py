"""AnswerStream: the words of an answer as they come, and the answer when all have come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from molmo_act.errors import InputError
from molmo_act.outputs.answer import Answer
from molmo_act.pointing.answers import Pieces

if TYPE_CHECKING:
    from typing_extensions import Self


class AnswerStream(Iterator[str]):
    """The words of an answer as they come: pieces of whole words, which put together are `Answer.text`.

    The model computes while the next piece is asked for, and not between. Other questions may be asked before
    the stream has ended. A context manager, too; `close` stops the model.

    Args:
        pieces: The words, and then the answer.
        done: Is called with the answer as soon as it is complete.
    """

    def __init__(self, pieces: Pieces, done: Callable[[Answer], None] | None = None) -> None:
        self._pieces, self._done = pieces, done
        self._answer: Answer | None = None
        self._given = list[str]()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            piece = next(self._pieces)
        except StopIteration as end:
            if end.value is not None:
                self._answer = end.value
                if self._done is not None:
                    self._done(end.value)
            raise StopIteration from None
        self._given.append(piece)
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the model; nothing more comes."""
        self._pieces.close()

    def read(self) -> Answer:
        """Reads the stream to its end.

        Returns:
            The answer.
        """
        for _ in self:
            pass
        return self.answer

    @property
    def text(self) -> str:
        """The words that have come."""
        return "".join(self._given)

    @property
    def answer(self) -> Answer:
        """The whole answer, with its points.

        Raises:
            InputError: The stream has not ended, or was closed before.
        """
        if self._answer is None:
            raise InputError("The answer is not complete; read the stream to its end first.")
        return self._answer
