"""Votes on the disk."""

from __future__ import annotations

import resource
from dataclasses import replace

import pytest

from model.evaluation.metrics.elo import Vote
from model.evaluation.preference.votes import StoredVote, VoteFile, read_votes
from molmo_act.errors import InputError

VOTE = StoredVote("one", "a", "b", "left", "anna", "2026-01-01T00:00:00+00:00")


def test_votes_come_back_and_the_last_one_counts(tmp_path):
    file = VoteFile(tmp_path / "votes.jsonl")
    file.add(VOTE)
    file.add(replace(VOTE, rater="bert", choice="both_bad"))
    file.add(replace(VOTE, left="b", right="a", choice="left"))  # anna again, the other way round
    votes, replaced, damaged = read_votes([file.path])
    assert (len(votes), replaced, damaged) == (2, 1, 0)
    assert [vote.to_vote() for vote in votes] == [Vote("a", "b", None), Vote("b", "a", "b")]


def test_half_a_line_costs_one_vote(tmp_path):
    path = tmp_path / "votes.jsonl"
    VoteFile(path).add(VOTE)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])  # the power went
    VoteFile(path).add(replace(VOTE, item="two"))
    votes, _, damaged = read_votes([path])
    assert ([vote.item for vote in votes], damaged) == (["one", "two"], 1)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"item": "one"}',
        "not json",
        '{"item":"1","left":"a","right":"b","choice":"middle","rater":"r","time":""}',
        '{"item":"1","left":"a","right":"a","choice":"left","rater":"r","time":""}',
        '{"item":1,"left":"a","right":"b","choice":"left","rater":"r","time":""}',
    ],
)
def test_lines_that_are_no_votes_are_counted(tmp_path, line):
    path = tmp_path / "votes.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    assert read_votes([path]) == ([], 0, 1)


def test_a_vote_that_is_not_on_the_disk_does_not_count(tmp_path):
    file = VoteFile(tmp_path / "votes.jsonl")
    file.add(VOTE)
    size = file.path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))  # ten bytes are left
    try:
        with pytest.raises(OSError, match=r"No space left|File too large"):
            file.add(replace(VOTE, item="two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    file.add(replace(VOTE, item="three"))
    votes, _, damaged = read_votes([file.path])
    assert ([vote.item for vote in votes], damaged) == (["one", "three"], 1)


def test_places_where_no_file_can_be(tmp_path):
    with pytest.raises(InputError, match="Votes cannot be written"):
        VoteFile(tmp_path / "no folder" / "votes.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_votes([tmp_path / "gone.jsonl"])
