"""Checks the messages of a conversation before a chat template reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from molmo_act.errors import InputError
from molmo_act.validation import wrong

PART_TYPES = ("text", "image", "video")
"""What a message may hold: nothing else reaches a model."""


def checked_conversations(conversation: object) -> list[list[Mapping[str, Any]]]:
    """Brings one conversation, or a batch of them, to one form.

    Args:
        conversation: A list of messages ``{"role", "content"}``, or a list of such lists.

    Returns:
        The messages of each conversation. Roles are words, content is text or parts of a type that models
        read; which roles may follow one another is for the chat template to say.

    Raises:
        InputError: There is no message, or one is not of this form.
    """
    if not isinstance(conversation, (list, tuple)) or not conversation or conversation[0] in ([], ()):
        raise InputError("The conversation holds no message; expected at least one of role 'user'.")
    batch = isinstance(conversation[0], (list, tuple))
    conversations: Sequence[Any] = conversation if batch else [conversation]
    for messages in conversations:
        if not isinstance(messages, (list, tuple)) or not messages:
            raise wrong("A conversation of the batch", messages, "a list of messages")
        for message in messages:
            _check_message(message)
    return [list(messages) for messages in conversations]


def explain_template_error(
    conversations: Sequence[Sequence[Mapping[str, Any]]], exc: Exception
) -> InputError:
    """Words the error about messages that a chat template does not write.

    Args:
        conversations: The messages.
        exc: What the template raised.

    Returns:
        The error, which names the roles where it may be for them.
    """
    reason = " ".join(str(exc).split())
    if all(map(_alternate, conversations)):
        return InputError(f"The chat template cannot write the messages ({reason}). Check chat_template.")
    roles = list(dict.fromkeys(str(message["role"]) for messages in conversations for message in messages))
    advice = "expected 'user' and 'assistant' in turn, 'user' first"
    if "system" in map(str.lower, roles):
        advice += ". Put what the system should know into the user's text"
    return InputError(
        f"The chat template cannot write messages of the roles {', '.join(map(repr, roles))} ({reason}); "
        f"{advice}."
    )


def _alternate(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the roles are those that every chat template knows, in the order that it knows."""
    return all(
        message["role"].lower() == ("user", "assistant")[place % 2] for place, message in enumerate(messages)
    )


def _check_message(message: object) -> None:
    if not isinstance(message, Mapping):
        raise wrong("A message", message, "a mapping with 'role' and 'content'")
    if not isinstance(message.get("role"), str):
        raise wrong("The role of a message", message.get("role"), "'user' or 'assistant'")
    content = message.get("content")
    if isinstance(content, str):
        return
    if not isinstance(content, (list, tuple)):
        raise wrong("The content of a message", content, "text, or a list of parts")
    for part in content:
        _check_part(part)


def _check_part(part: object) -> None:
    if not isinstance(part, Mapping):
        raise wrong("A part of a message", part, "a mapping such as {'type': 'text', 'text': 'the mug'}")
    kind = part.get("type")
    if kind not in PART_TYPES:
        raise wrong("The type of a part of a message", kind, " or ".join(map(repr, PART_TYPES)))
    if kind == "text" and not isinstance(part.get("text"), str):
        raise wrong("The text of a part of a message", part.get("text"), "words")
