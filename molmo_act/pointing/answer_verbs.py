"""What a model can be asked in words: answer, and chat for several turns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, overload

from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.io.frames import DEFAULT_FPS
from molmo_act.outputs.answer import Answer
from molmo_act.pointing.answer_request import Shown, answer_request, check_question, refuse_passing
from molmo_act.pointing.answer_stream import AnswerStream
from molmo_act.pointing.answers import answer_pieces
from molmo_act.pointing.chat import Chat
from molmo_act.pointing.options import Order
from molmo_act.pointing.runtime import PointingRuntime

if TYPE_CHECKING:
    from typing import Unpack

    from molmo_act.pointing.answer_request import AnswerOptions


class AnswerVerbs:
    """The part of `PointingModel` that answers in words.

    Attributes:
        runtime: The model with everything that asking it takes.
    """

    runtime: PointingRuntime

    @overload
    def answer(
        self,
        image: Shown,
        question: str,
        *,
        max_new_tokens: int = ...,
        stream: Literal[False] = ...,
        **options: Unpack[AnswerOptions],
    ) -> Answer: ...

    @overload
    def answer(
        self,
        image: Shown,
        question: str,
        *,
        max_new_tokens: int = ...,
        stream: Literal[True],
        **options: Unpack[AnswerOptions],
    ) -> AnswerStream: ...

    @overload
    def answer(
        self,
        image: Shown,
        question: str,
        *,
        max_new_tokens: int = ...,
        stream: bool,
        **options: Unpack[AnswerOptions],
    ) -> Answer | AnswerStream: ...

    def answer(
        self,
        image: Shown,
        question: str,
        *,
        max_new_tokens: int = ANSWER_TOKENS,
        stream: bool = False,
        style: str | None = None,
        max_crops: int | None = None,
        timeout: float | None = None,
        order: Order = "reference",
        fps: float = DEFAULT_FPS,
        max_frames: int | None = None,
        start: float = 0.0,
        end: float | None = None,
    ) -> Answer | AnswerStream:
        """Answers a question in words, with points behind them where the model points.

        Args:
            image: An image as `point` takes it; a list of images, which one prompt shows; a video file, a
                folder of images, an array of frames (T, H, W, 3) or an iterator of frames; or None for a
                question about nothing to see. A list of images is no video.
            question: In words: "Describe this image.", "How many mugs are there?".
            max_new_tokens: Most tokens of the answer; of a VideoMolmo, about each frame.
            stream: Whether to return the words as they come.
            style: Name of the data set, or of the kind of question, that official evaluations put before a
                question, such as "chart_qa" or "vqa2"; None for none, as people ask. Models answer some
                styles in a single word.
            max_crops: See `point`.
            timeout: Seconds after which decoding stops; `Answer.truncated` is then set.
            order: See `point`.
            fps: See `point_in_video`, as are the next three. A VideoMolmo answers with a line about each
                frame that it looks at.
            max_frames: Most frames to look at.
            start: Seconds at which the part to look at begins.
            end: Seconds at which it ends.

        Returns:
            The answer, or a stream of its words whose attribute `answer` has it in the end.

        Raises:
            ImageError: An image cannot be used.
            InputError: The model was not taught to answer questions, as nano was not; it does not read
                videos, several images or single ones; a video cannot be used; or a number is out of range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: The question is empty, too long, or holds control tokens.
        """
        text = check_question(self.runtime, question, max_new_tokens, stream)
        request = answer_request(
            self.runtime,
            image,
            style=style,
            max_crops=max_crops,
            timeout=timeout,
            order=order,
            fps=fps,
            max_frames=max_frames,
            start=start,
            end=end,
        )
        asked = replace(request, text=text, max_new_tokens=max_new_tokens)
        answers = AnswerStream(answer_pieces(self.runtime, asked))
        return answers if stream else answers.read()

    def chat(self, image: Shown = None, **options: Unpack[AnswerOptions]) -> Chat:
        """Begins a conversation of several questions about the same images or video, or about none.

        Args:
            image: See `answer`, but no iterator and no camera, which do not give the same frames for the next
                question.
            options: Keyword arguments of `answer`, for every question.

        Returns:
            The conversation: `chat.ask("How many mugs are there?")`, `chat.ask("Which is the largest?")`.

        Raises:
            ImageError: An image cannot be used.
            InputError: See `answer`; or what is shown gives its frames once.
            QueryError: The style is no plain words.
        """
        request = answer_request(self.runtime, image, **options)
        refuse_passing(request.video)
        return Chat(self.runtime, request)
