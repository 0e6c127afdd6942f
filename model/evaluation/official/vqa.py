"""Scores of answers in words, as Molmo 1 (allenai/molmo at 793fa38) and Molmo2 (f3cb108) compute them.

They are those of the data sets with simplifications: the score of VQA v2 is min(matches / 3, 1) over all ten
answers, without leaving one out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_ARTICLES = {"a", "an", "the"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DIGITS = {"none": "0", **{word: str(number) for number, word in enumerate(_NUMBERS)}}
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER = re.compile(r"(\d)(,)(\d)")
_PERIOD_ALONE = re.compile(r"(?!<=\d)(\.)(?!\d)")
_CONTRACTED = (
    "ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd "
    "how'll how's i'm i've isn't it'd it'll ma'am might've mightn't must've mustn't needn't not've "
    "o'clock oughtn't shan't should've shouldn't that'd that's there'd there're there's they'd "
    "they'll they're they've 'twas wasn't we've weren't what'll what're what's what've when's "
    "where'd where's where've who'd who'll who's who've why'll why're why's won't would've wouldn't "
    "y'all you'd you'll you're you've "
)
_CONTRACTIONS = {word.replace("'", ""): word for word in _CONTRACTED.split()}


def normalise(answer: str) -> str:
    """Normalises an answer as the evaluation of VQA v2 does: punctuation, articles, numbers, contractions.

    Args:
        answer: The answer.
    """
    text = answer.replace("\n", " ").replace("\t", " ").strip()
    joined = _COMMA_IN_NUMBER.search(text) is not None
    cleaned = text
    for mark in _PUNCTUATION:
        at_edge = mark + " " in text or " " + mark in text
        cleaned = cleaned.replace(mark, "" if at_edge or joined else " ")
    cleaned = _PERIOD_ALONE.sub("", cleaned)
    words = [_DIGITS.get(word, word) for word in cleaned.lower().split()]
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)


def vqa_score(references: Sequence[str], answer: str) -> float:
    """Returns min(matches / 3, 1) after `normalise`.

    Args:
        references: What people answered.
        answer: What the model answered.
    """
    said = normalise(answer)
    return min(sum(normalise(one) == said for one in references) / 3, 1.0)


def a_okvqa_score(references: Sequence[str], answer: str) -> float:
    """Returns min(matches / 3, 1) of texts in lower case.

    Args:
        references: What people answered.
        answer: What the model answered.
    """
    said = answer.strip().lower()
    return min(sum(one.strip().lower() == said for one in references) / 3, 1.0)


def edit_distance(one: str, other: str) -> int:
    """Counts the insertions, deletions and replacements that turn one text into another (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        now = [row]
        for column, right in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (left != right)))
        before = now
    return before[-1]


def anls(reference: str, answer: str) -> float:
    """Returns 1 - distance / length in lower case, 0 from a ratio of 0.5 on; two empty texts raise.

    Args:
        reference: What is right.
        answer: What the model answered.

    Raises:
        ZeroDivisionError: Both are empty, as in the official program.
    """
    ratio = edit_distance(reference.lower(), answer.lower()) / max(len(reference), len(answer))
    return 1 - ratio if ratio < 0.5 else 0.0


def relaxed_correctness(reference: str, answer: str) -> bool:
    """Tells whether numbers are within 5 per cent, or texts the same but for case.

    Args:
        reference: What is right; of a zero the text is compared.
        answer: What the model answered; a per cent sign divides by 100.
    """
    said, wanted = _number(answer), _number(reference)
    if said is not None and wanted:
        return abs(said - wanted) / abs(wanted) <= 0.05
    return answer.lower() == reference.lower()


def _number(text: str) -> float | None:
    try:
        value = float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def select_option(options: Sequence[str], answer: str, *, prefixes: bool = True) -> int:
    """Chooses the option that an answer means.

    Args:
        options: The options.
        answer: What the model answered.
        prefixes: Whether a prefix in either direction decides where it is the only one, as in Molmo2; Molmo 1
            has no such step.

    Returns:
        The number of the option: that of the same text; else the only one that begins as the answer or the
        other way round, or that contains the answer; else the one of the least edit distance, the first one
        of several.
    """
    said, names = answer.strip().lower(), [option.strip().lower() for option in options]
    if said in names:
        return names.index(said)
    rules = []
    if prefixes:
        rules += [[said.startswith(name) for name in names], [name.startswith(said) for name in names]]
    rules.append([said in name for name in names])
    for rule in rules:
        if sum(rule) == 1:
            return rule.index(True)
    distances = [edit_distance(said, name) for name in names]
    return distances.index(min(distances))


def clean_answer(text: str) -> str:
    """Cleans an answer as Molmo2 does before it is scored.

    Args:
        text: The answer.

    Returns:
        What follows the first "Answer:"; else the line that occurs most often, the first of several; else the
        text with single blanks.
    """
    if "Answer:" in text:
        return text.partition("Answer:")[2].strip()
    if "\n" in text:
        lines = Counter(line.strip() for line in text.split("\n"))
        return lines.most_common(1)[0][0]
    return " ".join(text.split())
