"""Single frames of drawn clips as images: with objects cut off by the edge, half hidden, or just gone."""

from __future__ import annotations

import numpy as np

from model.data.clips.generate import HIDDEN_SHARE, WANTED_SHARE, Clip, ClipFrame, ClipSettings
from model.data.scenes.objects import SceneObject, reading_order, visible_target
from model.data.scenes.queries.attributes import colour_queries, noun_queries
from model.data.scenes.queries.negatives import absent_queries
from model.data.scenes.queries.templates import ask_for
from model.data.scenes.shapes import draw_shape
from model.data.schema import ImageSample, Query

MAX_OBJECTS = 6
FIRST_SEED = 2**31
"""Of clips to learn from; those that are judged by have smaller ones."""
_SECONDS = 60.0


def draw_clip_image(rng: np.random.Generator, width: int, height: int) -> ImageSample:
    """Draws a moment of a clip, with queries about what is seen and what is not.

    Args:
        rng: Source of all randomness; the same state gives the same image, byte for byte.
        width: Pixels.
        height: Pixels.

    Returns:
        The frame with its queries.
    """
    settings = ClipSettings(
        size=(width, height),
        objects=int(rng.integers(1, MAX_OBJECTS + 1)),
        twins=bool(rng.random() < 0.4),
        pillars=bool(rng.random() < 0.7),
    )
    clip = Clip(FIRST_SEED + int(rng.integers(2**31)), settings)
    frame = clip.draw(rng, float(rng.uniform(0, _SECONDS)))
    seen = _seen(clip, frame)
    queries = _ask(rng, clip, frame, seen)
    return ImageSample(frame.image, queries, reading_order(list(seen.values()), height))


def _seen(clip: Clip, frame: ClipFrame) -> dict[int, SceneObject]:
    """Returns the objects that can be asked for, by their number."""
    seen: dict[int, SceneObject] = {}
    for number, mover in enumerate(clip.movers, start=1):
        mask = frame.owner == number
        if frame.share[number - 1] < WANTED_SHARE or not mask.any():
            continue
        area = np.count_nonzero(mask) / frame.share[number - 1]
        seen[number] = SceneObject(mover.noun, mover.colour, True, visible_target(mask, 0, 0), area)
    return seen


def _ask(
    rng: np.random.Generator, clip: Clip, frame: ClipFrame, seen: dict[int, SceneObject]
) -> tuple[Query, ...]:
    """Asks by noun and colour, but not for names of hardly visible objects; and for what is absent."""
    movers = dict(enumerate(clip.movers, start=1))
    hidden = {number for number in movers if frame.share[number - 1] < HIDDEN_SHARE}
    hardly = movers.keys() - hidden - seen.keys()
    unsure = {movers[number].noun for number in hardly}
    sure = [obj for obj in seen.values() if obj.noun not in unsure]
    queries = noun_queries(rng, sure) + colour_queries(rng, sure)
    shown = {movers[number].phrase for number in hardly | seen.keys()}
    gone = {movers[number].phrase: movers[number].noun for number in sorted(hidden)}
    for phrase, noun in gone.items():
        if phrase not in shown:
            queries.append(Query(ask_for(rng, phrase, noun, several=False), phrase, (), "absent"))
    missing = [] if hardly else absent_queries(rng, list(seen.values()), draw_shape, wanted=2)
    queries += [query for query in missing if query.label not in gone]
    once = list({query.text: query for query in queries}.values())
    return tuple(once[index] for index in rng.permutation(len(once)))
