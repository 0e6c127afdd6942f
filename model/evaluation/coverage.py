"""Curves of accuracy against coverage: how right a method is where it may leave out unsure answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from model.evaluation.calibration import Claims
from molmo_act._optional import import_optional
from molmo_act.io.atomic import atomic_file


def coverage_curve(claims: Claims, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders answers by their score and gives what the surest of them are worth.

    Args:
        claims: Score of each answer, and whether it is right; queries without an answer are left out.
        queries: All queries, at least as many as claims.

    Returns:
        float (K,) each, a point for each different score: share of the queries that are answered at or above
        it, rising, and share of right ones among these.
    """
    order = np.argsort(-claims.claimed, kind="stable")
    right = np.cumsum(claims.true[order])
    last = np.append(np.diff(claims.claimed[order]) != 0, True)  # answers of one score come together
    answered = np.flatnonzero(last) + 1 if len(order) else np.zeros(0, int)
    return answered / queries, right[answered - 1] / answered


def draw_coverage(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], path: Path, title: str) -> None:
    """Draws curves of accuracy against coverage into a PNG file.

    Args:
        curves: What `coverage_curve` gave for each method.
        path: Where to write it.
        title: What the queries are.

    Raises:
        MissingExtraError: matplotlib is missing.
    """
    drawing = import_optional("matplotlib.figure", extra="plots", purpose="drawing accuracy against coverage")
    figure = drawing.Figure(figsize=(7, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    for name, (coverage, accuracy) in curves.items():
        axes.plot(coverage, accuracy, label=name, linewidth=2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), title=title)
    axes.set(xlabel="share of queries that are answered with a point", ylabel="share of these that are right")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    with atomic_file(path) as partial:
        figure.savefig(partial, format="png")
