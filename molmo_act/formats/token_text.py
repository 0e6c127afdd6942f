"""Text of ids that come one after the other: every character whole, and where in it each id stands."""

from __future__ import annotations

from collections.abc import Iterable

from molmo_act.formats.protocols import Tokenizer

HALF = "\ufffd"
"""What a tokenizer writes for bytes that are no character, or not yet."""
MOST_BYTES = 4
"""Of a character in UTF-8. An id stands for one or more of them."""


class TokenText:
    """Turns ids into text as they come, in time that does not grow with the text.

    Args:
        tokenizer: One that works on bytes, as those of all models here: what it writes for two ids is what it
            writes for each, one behind the other.

    Attributes:
        text: What is known by now; a character appears when its last byte has come. Control tokens are left
            out.
        spans: For each id the first character that it is part of, and the one behind the last.

    Example:
        >>> class Bytes:
        ...     def decode(self, ids, **_):
        ...         return bytes(ids).decode(errors="replace")
        >>> growing = TokenText(Bytes())
        >>> [growing.feed([byte]) for byte in "é!".encode()]
        ['', 'é', '!']
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.text = ""
        self.spans: list[tuple[int, int]] = []
        self._tokenizer, self._held = tokenizer, list[int]()

    def feed(self, ids: Iterable[int]) -> str:
        """Takes the next ids.

        Args:
            ids: The ids.

        Returns:
            What they add to the text.
        """
        before = len(self.text)
        for token in ids:
            self._held.append(token)
            written = self._tokenizer.decode(
                self._held, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
            if not written.endswith(HALF) or len(self._held) >= MOST_BYTES:
                self._take(written)
        return self.text[before:]

    def end(self) -> None:
        """Takes note that no more ids come: half a character at the end is left out."""
        self._take("")

    def _take(self, written: str) -> None:
        span = len(self.text), len(self.text) + len(written)
        self.spans += [span] * len(self._held)
        self.text += written
        self._held.clear()
