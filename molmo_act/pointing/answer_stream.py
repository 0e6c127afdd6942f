"""AnswerStream: the words of an answer as they come, and the answer when all have come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import GEN_RUNNING, getgeneratorstate
from threading import RLock
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
    the stream has ended. A context manager, too; `close` stops the model, from any thread. Threads that read
    the same stream get a piece each.

    Args:
        pieces: The words, and then the answer.
        done: Is called with the answer as soon as it is complete.
    """

    def __init__(self, pieces: Pieces, done: Callable[[Answer], None] | None = None) -> None:
        self._pieces, self._done = pieces, done
        self._answer: Answer | None = None
        self._given = list[str]()
        self._reading = RLock()
        self._closed = self._ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            with self._reading:
                return self._next_piece()
        finally:
            if self._closed:  # meanwhile, by what could not close the pieces itself
                self._close_pieces()

    def _next_piece(self) -> str:
        if _runs(self._pieces):
            raise InputError(
                "The stream is read by what runs within its own model; expected to read it outside."
            )
        while not self._closed:
            try:
                piece = next(self._pieces)
            except StopIteration as end:
                self._end(end.value)
                break
            except BaseException:
                self._ended = True
                raise
            if piece and not self._closed:
                self._given.append(piece)
                return piece
        raise StopIteration

    def _end(self, answer: Answer | None) -> None:
        """Keeps the answer; there is none where the pieces had ended before."""
        if answer is not None and not self._closed:
            self._answer = answer
            if self._done is not None:
                self._done(answer)
        self._ended = True

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
        """Stops the model; nothing more comes.

        From another thread than the reading one, or from a signal handler: the model stops behind the step
        that it is at, and reading ends as at the end of an answer. `close` does not wait for it.
        """
        self._closed = True
        self._close_pieces()

    def _close_pieces(self) -> None:
        """Frees what the model holds, unless it runs: then the reading thread does so."""
        if self._reading.acquire(blocking=False):
            try:
                if not _runs(self._pieces):
                    self._pieces.close()
            finally:
                self._reading.release()

    def read(self) -> Answer:
        """Reads the stream to its end.

        Returns:
            The answer.

        Raises:
            InputError: The stream was closed before the answer was complete.
        """
        for _ in self:
            pass
        return self.answer

    @property
    def ended(self) -> bool:
        """Whether nothing more comes: the answer is complete, the stream was closed, or the model failed."""
        return self._ended or self._closed

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
        if self._answer is not None:
            return self._answer
        if self._closed:
            raise InputError("The stream was closed before the answer was complete; ask again for all of it.")
        if self._ended:
            raise InputError("The model failed before the answer was complete; ask again.")
        raise InputError("The answer is not complete; read the stream to its end first.")


def _runs(pieces: Pieces) -> bool:
    """Whether they are being made, by the calling thread where it holds the stream."""
    return getgeneratorstate(pieces) == GEN_RUNNING
