"""Ratings from votes."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics.elo import Vote, bradley_terry, rate, running_elo
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import AGGREGATE, CASE, oracle


@pytest.fixture(scope="module")
def official():
    return oracle("elo")


@pytest.fixture(scope="module")
def votes(official):
    return [
        Vote(one, other, winner if winner in (one, other) else None)
        for one, other, winner in (
            (battle["model1_name"], battle["model2_name"], battle["winning_model"])
            for battle in official["battles"]
        )
    ]


def test_running_ratings_are_those_of_pointarena(official, votes):
    found = running_elo(votes)
    expected = official["aggregate"]
    assert {name: rating for name, (rating, _) in found.items()} == pytest.approx(
        expected["sequential"], abs=CASE
    )
    for name, (rating, half) in found.items():
        assert [rating - half, rating + half] == pytest.approx(expected["interval95"][name], abs=AGGREGATE)


def test_bradley_terry_is_the_maximum_likelihood(official, votes):
    found = rate(votes, resamples=200)
    assert found.rating == pytest.approx(official["aggregate"]["bradley_terry_no_ties"], abs=AGGREGATE)
    assert found.votes + found.ties == len(votes)
    for name, (low, high) in found.interval.items():
        assert low < found.rating[name] < high
        assert 20 < high - low < 400
    assert found.failed_resamples + found.resamples == 200


def test_a_known_ratio_is_400_points_a_tenfold():
    ratings = bradley_terry(np.array([[0, 100], [10, 0]]))
    assert ratings == pytest.approx([1200, 800])
    assert bradley_terry(np.array([[0, 10**6], [1, 0]])) == pytest.approx([1000 + 1200, 1000 - 1200])


def test_the_order_of_votes_and_of_names_does_not_matter(votes):
    turned = [Vote(vote.second, vote.first, vote.winner) for vote in reversed(votes)]
    assert rate(turned, resamples=0).rating == pytest.approx(rate(votes, resamples=0).rating)


def test_without_finite_ratings_the_models_are_named():
    with pytest.raises(InputError, match="best never lost to any other model"):
        rate([Vote("best", "good", "best"), Vote("good", "bad", "good"), Vote("bad", "good", "bad")])
    with pytest.raises(InputError, match="never compared with one"):
        rate([Vote("a", "b", "a"), Vote("a", "b", "b"), Vote("a", "c", None)])
    with pytest.raises(InputError, match="1 votes, none with a winner"):
        rate([Vote("a", "b", None)])
    with pytest.raises(InputError, match="another winner"):
        rate([Vote("a", "b", "c")])


def test_few_votes_say_how_many_resamples_were_left_out():
    found = rate([Vote("a", "b", "a"), Vote("a", "b", "b"), Vote("a", "b", "a")], resamples=100)
    assert found.failed_resamples > 0
    assert found.rating["a"] - found.rating["b"] == pytest.approx(400 * np.log10(2))
