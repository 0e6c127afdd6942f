"""Ratings from pairwise votes: Bradley-Terry, as Chatbot Arena and Molmo rate, and PointArena's running Elo.

Bradley and Terry 1952, "Rank Analysis of Incomplete Block Designs"; Hunter 2004, "MM algorithms for
generalized Bradley-Terry models", for when ratings exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

csgraph = lazy_import("scipy.sparse.csgraph", extra="train", purpose="evaluation")

SCALE = 400
"""Rating points by which a model leads that is ten times as likely to win."""
START = 1000.0
"""Mean rating."""
_ROUNDS, _CLOSE = 200, 1e-12


@dataclass(frozen=True)
class Vote:
    """One comparison.

    Attributes:
        first: Name of one model.
        second: Name of the other.
        winner: The name that was preferred; None for a tie.
    """

    first: str
    second: str
    winner: str | None


@dataclass(frozen=True)
class Ratings:
    """Bradley-Terry ratings with bootstrap intervals.

    Attributes:
        rating: Model → rating; the mean over models is `START`.
        interval: Model → lower and upper end of the 95 % interval over resampled votes.
        games: Model → votes that it took part in, ties included.
        votes: Votes that count, that is, no ties.
        ties: Votes without a winner.
        resamples: Resamples that the intervals are made of; those for which no finite ratings exist are left
            out, so that with few votes intervals are too narrow.
        failed_resamples: Resamples that were left out.
    """

    rating: dict[str, float]
    interval: dict[str, tuple[float, float]]
    games: dict[str, int]
    votes: int
    ties: int
    resamples: int
    failed_resamples: int


def bradley_terry(wins: np.ndarray) -> np.ndarray:
    """Maximum likelihood ratings of a Bradley-Terry model.

    Args:
        wins: (N, N), how often model i was preferred to model j.

    Returns:
        float (N,), ratings with mean `START`.

    Raises:
        InputError: No finite ratings exist: a group of models never lost to the others, or was never compared
            with them.
    """
    wins = np.asarray(wins, float)
    if _parts(wins)[0] > 1:
        raise InputError("No finite ratings exist: some models never lost to the others. Collect more votes.")
    strength = np.zeros(len(wins))
    games = wins + wins.T
    for _ in range(_ROUNDS):  # Newton's method on the logarithm of the likelihood, which is concave
        chance = 1 / (1 + np.exp(strength[None] - strength[:, None]))
        slope = (wins - games * chance).sum(axis=1)
        weight = games * chance * (1 - chance)
        bend = np.diag(weight.sum(axis=1)) - weight
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        step *= min(1.0, 2.0 / max(np.abs(step).max(initial=0.0), _CLOSE))
        strength += step - step.mean()
        if np.abs(step).max(initial=0.0) < _CLOSE:
            break
    return START + SCALE / np.log(10) * (strength - strength.mean())


def rate(votes: Sequence[Vote], *, resamples: int = 1000, seed: int = 0) -> Ratings:
    """Rates models by votes, ties left out.

    Args:
        votes: The votes, in any order.
        resamples: How often votes are drawn anew, with replacement, for the intervals.
        seed: Of that drawing.

    Raises:
        InputError: There is no vote with a winner, or no finite ratings exist; the message names the models
            that never lost, or were never compared with the others.
    """
    decided = [vote for vote in votes if vote.winner is not None]
    if not decided:
        raise InputError(f"There are {len(votes)} votes, none with a winner; expected at least one.")
    names = sorted({name for vote in votes for name in (vote.first, vote.second)})
    place = {name: index for index, name in enumerate(names)}
    pairs = np.array([_winner_and_loser(vote, place) for vote in decided])
    wins = _counted(pairs, len(names))
    _refuse_apart(wins, names)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        again = _counted(pairs[rng.integers(0, len(pairs), len(pairs))], len(names))
        if _parts(again)[0] == 1:
            drawn.append(bradley_terry(again))
    ends = np.percentile(drawn, [2.5, 97.5], axis=0) if drawn else np.full((2, len(names)), np.nan)
    games = {name: sum(name in (vote.first, vote.second) for vote in votes) for name in names}
    return Ratings(
        dict(zip(names, bradley_terry(wins).tolist(), strict=True)),
        {name: (float(ends[0, at]), float(ends[1, at])) for name, at in place.items()},
        games,
        len(decided),
        len(votes) - len(decided),
        len(drawn),
        resamples - len(drawn),
    )


def running_elo(votes: Sequence[Vote], *, k: float = 2.0) -> dict[str, tuple[float, float]]:
    """PointArena's ratings, one vote after the other, ties left out; the order of votes matters.

    Args:
        votes: The votes, in order.
        k: Most points that a vote moves.

    Returns:
        Model → rating, and half the width of its 95 % interval.
    """
    rating: dict[str, float] = {}
    games: dict[str, int] = {}
    for vote in votes:
        if vote.winner is None:
            continue
        one, other = (rating.setdefault(name, START) for name in (vote.first, vote.second))
        moved = k * (float(vote.winner == vote.first) - 1 / (1 + 10 ** ((other - one) / SCALE)))
        rating[vote.first], rating[vote.second] = one + moved, other - moved
        for name in (vote.first, vote.second):
            games[name] = games.get(name, 0) + 1
    return {name: (value, 1.96 * k * games[name] ** 0.5 / 2) for name, value in rating.items()}


def _winner_and_loser(vote: Vote, place: dict[str, int]) -> tuple[int, int]:
    if vote.first == vote.second or vote.winner not in (vote.first, vote.second):
        raise InputError(f"{vote} has another winner than one of two different models.")
    return place[vote.winner], place[vote.second if vote.winner == vote.first else vote.first]


def _counted(pairs: np.ndarray, models: int) -> np.ndarray:
    wins = np.zeros((models, models))
    np.add.at(wins, (pairs[:, 0], pairs[:, 1]), 1)
    return wins


def _parts(wins: np.ndarray) -> tuple[int, np.ndarray]:
    """Groups of models within which everyone beat everyone, over others if need be."""
    number, groups = csgraph.connected_components(wins, directed=True, connection="strong")
    return int(number), groups


def _refuse_apart(wins: np.ndarray, names: Sequence[str]) -> None:
    number, groups = _parts(wins)
    if number == 1:
        return
    for group in range(number):
        inner = groups == group
        if not wins[np.ix_(~inner, inner)].any():
            apart = ", ".join(name for name, is_inner in zip(names, inner, strict=True) if is_inner)
            raise InputError(
                f"No finite ratings exist: {apart} never lost to any other model, or was never compared with "
                "one. Collect more votes of those pairs."
            )
