"""Frames of drawn clips as pictures: things cut off by the edge, half behind something, or just gone."""

from __future__ import annotations

import numpy as np

from model.data.clips import HIDDEN_SHARE, WANTED_SHARE, Clip, ClipFrame, ClipSettings
from model.data.sample import Picture, Query
from model.data.scene_absent import absent_queries
from model.data.scene_names import colour_queries, noun_queries
from model.data.scene_phrases import ask_for_one
from model.data.scene_things import Thing
from model.data.scenes import reading_order, visible_target
from model.data.shapes import draw_shape

MOST_THINGS = 6
FIRST_SEED = 2**31
"""Of clips to learn from; those that are judged by have smaller ones."""
_SECONDS = 60.0


def draw_clip_still(rng: np.random.Generator, width: int, height: int) -> Picture:
    """A moment of a clip, with queries about what is seen and what is not.

    Args:
        rng: Where all randomness comes from; the same state gives the same picture, byte for byte.
        width, height: Of the picture, pixels.
    """
    settings = ClipSettings(
        size=(width, height),
        things=int(rng.integers(1, MOST_THINGS + 1)),
        twins=bool(rng.random() < 0.4),
        pillars=bool(rng.random() < 0.7),
    )
    clip = Clip(FIRST_SEED + int(rng.integers(2**31)), settings)
    frame = clip.draw(rng, float(rng.uniform(0, _SECONDS)))
    seen = _seen(clip, frame)
    queries = _ask(rng, clip, frame, seen)
    return Picture(frame.image, queries, reading_order(list(seen.values()), height))


def _seen(clip: Clip, frame: ClipFrame) -> dict[int, Thing]:
    """What can be asked for, by its number."""
    seen: dict[int, Thing] = {}
    for number, mover in enumerate(clip.movers, start=1):
        mask = frame.owner == number
        if frame.share[number - 1] < WANTED_SHARE or not mask.any():
            continue
        area = np.count_nonzero(mask) / frame.share[number - 1]
        seen[number] = Thing(mover.noun, mover.colour, True, visible_target(mask, 0, 0), area)
    return seen


def _ask(rng: np.random.Generator, clip: Clip, frame: ClipFrame, seen: dict[int, Thing]) -> tuple[Query, ...]:
    """By noun and by colour, leaving out names of what is hardly to be seen; and for what is not there."""
    movers = dict(enumerate(clip.movers, start=1))
    hidden = {number for number in movers if frame.share[number - 1] < HIDDEN_SHARE}
    hardly = movers.keys() - hidden - seen.keys()
    unsure = {movers[number].noun for number in hardly}
    sure = [thing for thing in seen.values() if thing.noun not in unsure]
    queries = noun_queries(rng, sure) + colour_queries(rng, sure)
    shown = {movers[number].phrase for number in hardly | seen.keys()}
    gone = {movers[number].phrase: movers[number].noun for number in sorted(hidden)}
    for phrase, noun in gone.items():
        if phrase not in shown:
            queries.append(Query(ask_for_one(rng, phrase, noun), phrase, (), "absent"))
    missing = [] if hardly else absent_queries(rng, list(seen.values()), draw_shape, wanted=2)
    queries += [query for query in missing if query.label not in gone]
    once = list({query.text: query for query in queries}.values())
    return tuple(once[index] for index in rng.permutation(len(once)))
