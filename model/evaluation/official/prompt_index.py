"""Which of several prompt templates the official evaluation asks a row by: its number alone decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def template_index(row: int, templates: int) -> int:
    """Draws the template of a row as allenai/molmo2 (f3cb108) does.

    Args:
        row: Number of the row in the order of the data set, from 0.
        templates: How many templates there are.
    """
    seed = np.random.SeedSequence(row, spawn_key=(0,))
    return int(np.random.RandomState(np.random.MT19937(seed)).randint(0, templates))


def ask(row: int, label: str, templates: Sequence[str]) -> str:
    """Writes what a row asks.

    Args:
        row: See `template_index`.
        label: What is looked for.
        templates: Sentences with one ``{}`` for the label.
    """
    return templates[template_index(row, len(templates))].replace("{}", label)
