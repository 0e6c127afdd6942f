"""Chat: several questions about the same images or video, each with what was said before it."""

from __future__ import annotations

import weakref
from dataclasses import replace
from threading import RLock
from typing import Literal, overload

from molmo_act.errors import InputError
from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.outputs.answer import Answer
from molmo_act.pointing.answer_request import AnswerRequest, check_question
from molmo_act.pointing.answer_stream import AnswerStream
from molmo_act.pointing.answers import answer_pieces
from molmo_act.pointing.prompts import Message, assistant_message, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime


class Chat:
    """A conversation; `PointingModel.chat` begins one.

    Every turn reads the whole conversation again. A question whose stream was not read to its end is no turn,
    and while it is open, no other can be asked: the next one comes with what was said before.

    Args:
        runtime: The model that is asked.
        request: What every question is about, and how it is to be answered.

    Attributes:
        turns: The answers up to now, each with its question.
    """

    def __init__(self, runtime: PointingRuntime, request: AnswerRequest) -> None:
        self.turns: list[Answer] = []
        self._runtime, self._request = runtime, request
        self._asking = RLock()
        self._last = weakref.WeakSet[AnswerStream]()  # a stream that is dropped is not open

    @overload
    def ask(self, question: str, *, max_new_tokens: int = ..., stream: Literal[False] = ...) -> Answer: ...

    @overload
    def ask(self, question: str, *, max_new_tokens: int = ..., stream: Literal[True]) -> AnswerStream: ...

    @overload
    def ask(self, question: str, *, max_new_tokens: int = ..., stream: bool) -> Answer | AnswerStream: ...

    def ask(
        self, question: str, *, max_new_tokens: int = ANSWER_TOKENS, stream: bool = False
    ) -> Answer | AnswerStream:
        """Asks the next question.

        Args:
            question: In words.
            max_new_tokens: Most tokens of the answer.
            stream: Whether to return the words as they come.

        Returns:
            The answer, or a stream of its words.

        Raises:
            InputError: The conversation has become too long for the model; the stream of the last question is
                still open; the chat was reset meanwhile; or a number is out of range.
            QueryError: The question is empty, too long, or holds control tokens.
        """
        text = check_question(self._runtime, question, max_new_tokens, stream)
        with self._asking:
            self._refuse_open()
            asked = replace(self._request, text=text, max_new_tokens=max_new_tokens, history=self._history())
            answers = AnswerStream(answer_pieces(self._runtime, asked), self.turns.append)
            self._last = weakref.WeakSet([answers])
        return answers if stream else answers.read()

    def reset(self) -> None:
        """Forgets all turns; what the prompts show stays.

        A stream that is open is closed, and becomes no turn.
        """
        with self._asking:
            self.turns = []  # another list: an answer that ends just now belongs to the old one
            for stream in self._last:
                stream.close()

    def _refuse_open(self) -> None:
        if any(not stream.ended for stream in self._last):
            raise InputError(
                "The stream of the last question is still open; read it to its end, close() it, or reset() "
                "the chat, before the next question."
            )

    def _history(self) -> list[Message]:
        return [
            message
            for turn in self.turns
            for message in (
                user_message(text_part(turn.question, self._request.style)),
                assistant_message(self._said(turn)),
            )
        ]

    def _said(self, turn: Answer) -> str:
        """What the model is told that it answered.

        A MolmoPoint is told the words alone: ids of points have no embedding in a prompt, and behind the end
        of a list the released rules allow no further points, whichever turn it was in.
        """
        said = turn.text if self._runtime.has_grounding_tokens else turn.written
        return self._runtime.without_control_tokens(said)
