"""How MMMU's own program reads answers: a letter or an option's text, or numbers and short texts.

MMMU-Benchmark/MMMU, `eval_utils.py`. Where nothing can be read of a multiple choice it takes an option at
random; here the choice is seeded by the row, so that scoring a run again gives the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

_NUMBER = re.compile(
    r"-?\b\d{1,3}(?:,\d{3})+\b|-?\d+(?:\.\d+)?[eE][+-]?\d+|"
    r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"
)
_INDICATORS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ", "=")


def read_choice(text: str, options: Mapping[str, str], row: int) -> str:
    """Reads the letter of an option.

    Args:
        text: The answer.
        options: Letter → text of the option.
        row: Number of the row, which seeds the choice where nothing can be read.

    Returns:
        The letter that stands last in the text: in brackets, else alone, else by its option's text.
    """
    padded = f" {text.strip(',.!?;:' + chr(39))} "
    for form in ("({})", " {} "):
        found = [letter for letter in options if form.format(letter) in padded]
        if found:
            return max(found, key=lambda letter: padded.rfind(form.format(letter)))
    if len(padded.split()) > 5:
        lower = padded.lower()
        found = [letter for letter, option in options.items() if option.lower() in lower]
        if found:
            return max(found, key=lambda letter: lower.rfind(options[letter].lower()))
    return list(options)[int(np.random.default_rng([42, row]).integers(len(options)))]


def read_open(text: str) -> list[str | float]:
    """Reads what an open answer may mean.

    Args:
        text: The answer.

    Returns:
        Key parts of sentences, normalised, and all numbers in them.
    """
    parts = _key_parts(text)
    numbers = [number for part in parts for number in _NUMBER.findall(part)]
    found: list[str | float] = []
    for part in [*parts, *numbers]:
        for value in normalise(part):
            if value not in found:
                found.append(value)
    return found


def _key_parts(text: str) -> list[str]:
    sentences = re.split(r"\.\s(?=[A-Z])|\n", text.strip().strip(".").lower())
    parts = []
    for number, sentence in enumerate(sentences):
        indicators = (*_INDICATORS, "=") if number == len(sentences) - 1 else _INDICATORS[:-1]
        ends = [sentence.split(mark)[-1].strip() for mark in indicators if mark in sentence]
        ends = [end for end in ends if end not in (":", ",", ".", "!", "?", ";", "'", "")]
        if ends:
            parts.append(min(ends, key=len))
    return parts or [text.strip()]


def normalise(text: str) -> list[str | float]:
    """Numbers with two decimals; other texts in lower case, a single letter also between blanks."""
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        lower = text.lower()
        return [f" {lower}", f"{lower} "] if len(lower) == 1 else [lower]


def right_open(truths: Sequence[str], text: str) -> bool:
    """Tells whether an open answer is right: a number is the same, or a text is contained.

    Args:
        truths: What is right; one of several is enough.
        text: The answer.
    """
    wanted = [value for truth in truths for value in normalise(truth)]
    for found in read_open(text):
        if isinstance(found, str):
            if any(isinstance(value, str) and value in found for value in wanted):
                return True
        elif found in wanted:
            return True
    return False
