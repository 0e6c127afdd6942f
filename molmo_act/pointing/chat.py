"""Chat: several questions about the same images or video, each with what was said before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, overload

from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.outputs.answer import Answer
from molmo_act.pointing.answer_request import AnswerRequest, check_question
from molmo_act.pointing.answer_stream import AnswerStream
from molmo_act.pointing.answers import answer_pieces
from molmo_act.pointing.prompts import Message, assistant_message, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime


class Chat:
    """A conversation; `PointingModel.chat` begins one.

    Every turn reads the whole conversation again. A question whose stream was not read to its end is no turn.

    Args:
        runtime: The model that is asked.
        request: What every question is about, and how it is to be answered.

    Attributes:
        turns: The answers up to now, each with its question.
    """

    def __init__(self, runtime: PointingRuntime, request: AnswerRequest) -> None:
        self.turns: list[Answer] = []
        self._runtime, self._request = runtime, request

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
            InputError: The conversation has become too long for the model, or a number is out of range.
            QueryError: The question is empty, too long, or holds control tokens.
        """
        text = check_question(self._runtime, question, max_new_tokens, stream)
        asked = replace(self._request, text=text, max_new_tokens=max_new_tokens, history=self._history())
        answers = AnswerStream(answer_pieces(self._runtime, asked), self.turns.append)
        return answers if stream else answers.read()

    def reset(self) -> None:
        """Forgets all turns; what the prompts show stays."""
        self.turns.clear()

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
