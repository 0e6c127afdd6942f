"""What a model can be asked: which queries it can read, how they are put, and how long an answer may be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from molmo_act.errors import CheckpointError, InputError, QueryError
from molmo_act.formats.exact_plan import ExactPlan
from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.formats.prompt_templates import SLOT, PromptTemplates
from molmo_act.formats.protocols import Tokenizer
from molmo_act.generation.limits import MAX_NEW_TOKENS, GenerationLimits
from molmo_act.request import MAX_QUERY_LENGTH, Bounds, check_query

LONG_QUERY = 32
"""Tokens of a query that can be shortened; a shorter one is not what is too long."""
LABEL_TOKENS = 64
"""Tokens behind the points of an answer with a certain number of them."""


class Questions(ABC):
    """The part of a runtime that is about questions, for models of torch and exported ones.

    Attributes:
        name: What was loaded, for messages.
    """

    name: str

    @property
    @abstractmethod
    def config(self) -> Any:
        """Configuration of the model."""

    @property
    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """Turns words into ids, and ids into words."""

    @property
    @abstractmethod
    def prompts(self) -> PromptTemplates:
        """What the checkpoint is asked."""

    @property
    @abstractmethod
    def has_grounding_tokens(self) -> bool:
        """Whether the model points by grounding tokens; otherwise it writes coordinates as text."""

    @cached_property
    def grammar(self) -> AnswerGrammar:
        """How the model writes its answers."""
        return AnswerGrammar.of(self.tokenizer)

    def require_grounding_tokens(self, instead: str) -> None:
        """Refuses a model that writes coordinates as text.

        Args:
            instead: The end of the error's sentence: what such a model can or cannot do.

        Raises:
            InputError: The model has no grounding tokens.
        """
        if not self.has_grounding_tokens:
            raise InputError(f"{self.name} writes coordinates as text; {instead}")

    def check_query(self, query: object, what: str = "query", longest: int = MAX_QUERY_LENGTH) -> None:
        """Refuses what the model could not read as a query.

        Args:
            query: What a caller gave as a query.
            what: What errors call it.
            longest: Most characters.

        Raises:
            QueryError: See `molmo_act.request.check_query`; or the query holds a control token, which the
                model would take for an image, a point or the end of a message.
        """
        check_query(query, what, longest)
        assert isinstance(query, str)
        ids = self.tokenizer.encode(query, add_special_tokens=False)
        held = next((self._control_tokens[one] for one in ids if one in self._control_tokens), None)
        if held is not None:
            raise QueryError(
                f"The {what} {query[:60]!r} holds {held!r}, a control token of {self.name}; expected plain "
                "words. Leave it out."
            )

    def without_control_tokens(self, text: str) -> str:
        """Leaves control tokens out of a text that goes back into a prompt.

        Args:
            text: What a model has written.

        Returns:
            The text without what the tokenizer would read as a control token.
        """
        for token in self._control_tokens.values():
            text = text.replace(token, "") if token in text else text
        return text

    @cached_property
    def _control_tokens(self) -> dict[int, str]:
        """What the tokenizer reads as one token wherever it stands, by id; runs of spaces mean no more."""
        added = self.tokenizer.added_tokens_decoder.items()
        return {number: token.content for number, token in added if token.content.strip()}

    def check_prompts(self) -> None:
        """Refuses templates of the checkpoint with which the model cannot be asked.

        Raises:
            CheckpointError: One holds a control token, or is no plain text.
        """
        for name, template in asdict(self.prompts).items():
            words = template.replace(SLOT, "")
            if words.strip():
                try:
                    self.check_query(words, "template")
                except QueryError as error:
                    raise CheckpointError(
                        f"processor_config.json of {self.name}: prompts[{name!r}] cannot be used. {error}"
                    ) from error

    def check_questions(self, queries: Sequence[object], prompt: str | None = None) -> None:
        """Refuses what the model could not be asked, before anything is done.

        Args:
            queries: What a caller gave as queries.
            prompt: What a caller gave as a prompt.

        Raises:
            InputError: It is neither the name of a template nor a template, see
                `molmo_act.formats.prompt_templates.PromptTemplates.choose`.
            QueryError: A query or the template cannot be used, see `check_query`; or the two together hold a
                control token.
        """
        words = self.prompts.choose(prompt).replace(SLOT, "")
        if words.strip():
            self.check_query(words, "prompt")
        for query in queries:
            self.check_query(query)
            if prompt is not None:
                self.check_query(self.prompts.ask(str(query), prompt), "prompt with its query")

    def check_question(self, query: object, prompt: str | None = None) -> None:
        """Refuses a single question that the model could not be asked, see `check_questions`.

        Args:
            query: What a caller gave as a query.
            prompt: What a caller gave as a prompt.

        Raises:
            InputError: The prompt is neither a template nor the name of one.
            QueryError: The query cannot be used.
        """
        self.check_questions([query], prompt)

    def limits(
        self,
        prompt_tokens: int,
        bounds: Bounds,
        query: str = "",
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        reduce: str = "max_crops",
    ) -> GenerationLimits:
        """Says when answers to prompts of a length end at the latest.

        Args:
            prompt_tokens: Length of the longest prompt.
            bounds: How much of an answer is wanted.
            query: What the longest prompt asks for: the error names it where it is what is too long.
            max_new_tokens: Most tokens of an answer; fewer where the model has no room for so many, and more
                where a certain number of points takes more.
            reduce: The option that the error tells the caller to lower.

        Returns:
            The limits that the engine takes.

        Raises:
            InputError: The prompt leaves no room for an answer, or for so many points; a `QueryError` where
                it would without the query.
        """
        room: int = self.config.text_config.max_position_embeddings
        if prompt_tokens >= room:
            query_tokens = len(self.tokenizer.encode(query, add_special_tokens=False))
            if query_tokens > LONG_QUERY and prompt_tokens - query_tokens < room:
                raise QueryError(
                    f"The query takes {query_tokens} of {prompt_tokens} tokens, but {self.name} reads "
                    f"{room}. Shorten it by {prompt_tokens - room + 1} tokens or more."
                )
            raise InputError(
                f"Images and query take {prompt_tokens} tokens, but {self.name} reads {room}. "
                f"Give fewer {reduce}."
            )
        left = room - prompt_tokens
        if bounds.exactly is not None:
            self.require_grounding_tokens("leave exactly= out.")
            needed = self._exact_tokens(bounds.exactly, room)
            if needed > left:
                raise InputError(
                    f"exactly={bounds.exactly} points take {needed} tokens behind a prompt of "
                    f"{prompt_tokens}, but {self.name} reads {room}. Ask for fewer."
                )
            max_new_tokens = max(max_new_tokens, needed)
        return GenerationLimits(min(max_new_tokens, left), bounds.max_points, bounds.timeout, bounds.exactly)

    def _exact_tokens(self, count: int, room: int) -> int:
        """How many tokens an answer with so many points takes; just more than `room` if very many."""
        if count > room:
            return 4 * count
        return len(ExactPlan.of(self.grammar, count, self.config)) + LABEL_TOKENS
