"""What a desktop finds things by: their names, which of them are there, and the grounder that asks them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from gui_agent.accessibility.screen import open_accessible_screen
from gui_agent.input.backend import InputBackend
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.grounder import GroundingModel
from gui_agent.vision.lazy_reader import LazyReader
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.errors import InputError, MolmoActError
from molmo_act.reading.names import READER_NAMES
from molmo_act.reading.opening import open_reader

ACCESSIBILITY, TEXT, MODEL = SOURCES = ("accessibility", "text", "model")
"""Names of sources: what programs tell, what is written, what a model sees."""

DEFAULT: tuple[str, ...] = SOURCES
"""What is asked where no sources are named, as far as it is there."""

logger = logging.getLogger(__name__)


def check_sources(sources: Sequence[str] | None) -> tuple[str, ...] | None:
    """Refuses what are no sources.

    Args:
        sources: Names; None for what is there.

    Returns:
        The names, or None.

    Raises:
        InputError: A name is unknown or given twice, or there is none.
    """
    if sources is None:
        return None
    known = ", ".join(map(repr, SOURCES))
    if isinstance(sources, str) or not isinstance(sources, (list, tuple)) or not sources:
        raise InputError(f"sources is {sources!r}; expected a list of some of {known}, or None.")
    wrong = [one for one in sources if one not in SOURCES or sources.count(one) > 1]
    if wrong:
        raise InputError(f"sources has {wrong[0]!r}; expected some of {known}, each once.")
    return tuple(sources)


def with_reader(sources: Sequence[str] | None, reader: str | None) -> tuple[str, ...] | None:
    """Adds what is written to sources where a reader was named.

    Args:
        sources: Names; None for what is there.
        reader: Its name; None for none.

    Returns:
        The names, or None.

    Raises:
        MissingExtraError: The reader is not installed.
    """
    named = check_sources(sources)
    if reader is not None:
        LazyReader(reader)  # says what is missing
        if named is not None and TEXT not in named:
            named = (*named, TEXT)
    return named


def make_grounder(
    sources: Sequence[str] | None,
    model: GroundingModel | None,
    backend: InputBackend,
    *,
    refine: bool = False,
) -> CombinedGrounder:
    """Makes what a desktop finds things by.

    Args:
        sources: Some of `SOURCES`; None for the model and whatever else is there.
        model: The model; the bundled one, at first use, unless given.
        backend: Of the display.
        refine: See `ModelGrounder`.

    Returns:
        The grounder.

    Raises:
        InputError: A name is unknown or given twice, or there is none.
        MissingExtraError: A source that was named is not installed.
        PlatformError: A source that was named is not there.
    """
    named = check_sources(sources)
    wanted = DEFAULT if named is None else named
    pixels = ModelGrounder(model, refine=refine) if MODEL in wanted else None
    accessibility = text = None
    if ACCESSIBILITY in wanted:
        accessibility = _accessibility(backend, is_named=named is not None)
    if TEXT in wanted:
        text = _text(model, is_named=named is not None)
    return CombinedGrounder(accessibility, text, pixels)


def _text(model: GroundingModel | None, *, is_named: bool) -> TextGrounder | None:
    """What reads: the model's own reader where it has one."""
    given: Any = getattr(model, "reader", None)
    if given is None:
        if not is_named and find_spec(READER_NAMES[0]) is None:
            return None
        given = LazyReader(READER_NAMES[0])
    reader = open_reader(given)
    return None if reader is None else TextGrounder(reader)


def _accessibility(backend: InputBackend, *, is_named: bool) -> AccessibilityGrounder | None:
    try:
        return AccessibilityGrounder(open_accessible_screen(backend))
    except MolmoActError as error:
        if is_named:
            raise
        logger.info("Without accessible names: %s", error)
        return None
