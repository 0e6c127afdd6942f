"""Compares answers by people: `python -m model.evaluation.preference`.

    python -m model.evaluation.preference pairs RUN RUN... --out FOLDER
    python -m model.evaluation.preference vote FOLDER/items.jsonl --votes VOTES.jsonl --rater anna
    python -m model.evaluation.preference rate VOTES.jsonl...

`pairs` collects what several runs of `model.evaluation run` answered to the same rows. `vote` opens a page on
this machine that shows two answers to one question side by side, without saying whose they are; every vote is
stored at once, and the page goes on where it was left. `rate` prints Bradley-Terry ratings with bootstrap
intervals, and one line of JSON. `model/evaluation/preference/items.py` says what items.jsonl holds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from model._cli import command, make_parser, print_counts
from model.evaluation.metrics.elo import rate
from model.evaluation.preference.items import pairs_for, read_items
from model.evaluation.preference.media import check_media
from model.evaluation.preference.server import Ballot, PreferenceServer
from model.evaluation.preference.votes import VoteFile, read_votes
from molmo_act.cli._arguments import positive
from molmo_act.errors import InputError


def collect(args: argparse.Namespace) -> None:
    """Writes the items of runs, and prints how many."""
    from model.evaluation.preference.from_runs import ITEMS, write_items

    if len(args.runs) < 2:
        raise InputError("One run was given; expected at least two, of models that are to be compared.")
    counts = write_items(args.runs, args.out, args.limit)
    print(f"{args.out / ITEMS}: {counts.pop('items')} questions")
    print_counts(counts)


def serve(args: argparse.Namespace) -> None:
    """Serves the page until Ctrl-C."""
    items = read_items(args.items)
    for item in items:
        if reason := check_media(item):
            print(f"{item.name}: {reason}", file=sys.stderr)
    ballot = Ballot(pairs_for(items, args.rater), VoteFile(args.votes), args.rater)
    votes, _, damaged = read_votes([args.votes])
    ballot.resume(votes)
    if damaged:
        print(f"{args.votes}: {damaged} lines cannot be read and do not count.", file=sys.stderr)
    try:
        server = PreferenceServer(ballot, args.port)
    except (OSError, OverflowError) as exc:
        raise InputError(f"Port {args.port} cannot be used ({exc}); give another one with --port.") from exc
    with server:
        state = f"{len(ballot.done)} of {len(ballot.pairs)} done by {args.rater}"
        try:
            print(f"{server.url} — {state}. Ctrl-C ends.", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"{len(ballot.done)} of {len(ballot.pairs)} done; the votes are in {args.votes}.")


def print_ratings(args: argparse.Namespace) -> None:
    """Prints a table of ratings, then JSON."""
    votes, replaced, damaged = read_votes(args.votes)
    found = rate([vote.to_vote() for vote in votes], resamples=args.resamples, seed=args.seed)
    print("| model | rating | 95 % interval | votes |\n|---|---|---|---|")
    for name, rating in sorted(found.rating.items(), key=lambda pair: -pair[1]):
        low, high = found.interval[name]
        print(f"| {name} | {rating:.0f} | {low:.0f} to {high:.0f} | {found.games[name]} |")
    choices = Counter(vote.choice for vote in votes)
    about = {
        "votes": found.votes,
        "ties": found.ties,
        "both_good": choices["both_good"],
        "both_bad": choices["both_bad"],
        "left_share": choices["left"] / found.votes,
        "raters": len({vote.rater for vote in votes}),
        "replaced": replaced,
        "unreadable_lines": damaged,
        "resamples": found.resamples,
        "resamples_without_ratings": found.failed_resamples,
    }
    print(json.dumps({**about, "rating": found.rating, "interval": found.interval}))


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.evaluation.preference")
    commands = parser.add_subparsers(required=True, metavar="pairs|vote|rate")
    pairs = commands.add_parser("pairs", help="collect answers of runs to the same rows")
    pairs.add_argument("runs", type=Path, nargs="+", help="folders of runs")
    pairs.add_argument("--out", type=Path, required=True, help="a new folder")
    pairs.add_argument("--limit", type=positive, help="most rows of a benchmark, spread evenly")
    pairs.set_defaults(run=collect)
    vote = commands.add_parser("vote", help="show pairs of answers")
    vote.add_argument("items", type=Path, help="questions with their answers, JSON Lines")
    vote.add_argument("--votes", type=Path, required=True, help="file that votes are added to")
    vote.add_argument("--rater", required=True, help="who votes; each rater has an order of their own")
    vote.add_argument("--port", type=int, default=0, help="any free one unless given")
    vote.set_defaults(run=serve)
    ratings = commands.add_parser("rate", help="compute ratings from votes")
    ratings.add_argument("votes", type=Path, nargs="+", help="files of votes, also of several raters")
    ratings.add_argument("--resamples", type=int, default=1000, help="for the intervals")
    ratings.add_argument("--seed", type=int, default=0, help="of the resamples")
    ratings.set_defaults(run=print_ratings)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
