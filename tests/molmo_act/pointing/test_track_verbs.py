"""track and tracker: what they take and refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

import molmo_act
from molmo_act import InputError, QueryError
from tests.support.tiny_checkpoint import TINY


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.fixture(scope="module")
def nano() -> molmo_act.PointingModel:
    return molmo_act.load(device="cpu")


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("encode", {"max_crops": 2.5}),
        ("encode", {"past": 5}),
        ("encode", {"past": [np.zeros((4, 4))]}),
        ("tracker", {"window": 1.0}),
        ("tracker", {"window": True}),
        ("tracker", {"window_mode": 1}),
        ("tracker", {"max_crops": 2.5}),
        ("tracker", {"rate": "2"}),
        ("tracker", {"synchronous": "no"}),
        ("tracker", {"max_misses": 2.5}),
        ("tracker", {"max_objects": "9"}),
        ("tracker", {"lost_timeout": math.nan}),
        ("tracker", {"query": 5}),
        ("track", {"mode": 1}),
        ("track", {"rate": "2"}),
        ("track", {"synchronous": False}),
        ("track", {"max_fps": 1.0}),  # of mode="offline"
        ("track", {"mode": "offline", "window": 2}),
        ("track", {"mode": "offline", "max_fps": "2"}),
        ("track", {"mode": "offline", "max_frames": 1.5}),
        ("save_pretrained", {"folder": 5}),
    ],
    ids=str,
)
def test_wrong_kinds_of_arguments_of_other_verbs(model, verb, options):
    first = {"encode": (Image.new("RGB", (8, 8)),), "track": ("no such video.mp4", "mug")}.get(verb, ())
    with pytest.raises(InputError, match=f"^({[*options][-1]} |The query)"):
        getattr(model, verb)(*first, **options)


def test_options_that_nothing_takes(model):
    with pytest.raises(TypeError, match="unexpected keyword argument 'max_poinst'"):
        model.track("no such video.mp4", "mug", max_poinst=3)


@pytest.mark.parametrize("query", ["the red <POINT_0> circle", "\ud83d", "\u200b", "<|im_end|>"])
def test_a_live_tracker_refuses_what_the_model_cannot_read(nano, query):
    image = np.full((48, 64, 3), 200, np.uint8)
    with nano.tracker("red circle", synchronous=True) as tracker:
        tracker.update(image, 0.0)
        with pytest.raises(QueryError):
            tracker.add(query)
        tracker.refresh()
        tracker.update(image, 1.0)
        assert tracker.stats.groundings == 2
    for ask in (nano.point, nano.count, nano.track):
        with pytest.raises(QueryError):
            ask([image], query)


@pytest.mark.parametrize("window", [1, 2])
def test_trackers_ask_by_the_prompt(model, monkeypatch, window):
    asked = []
    ask = type(model.runtime.prompts).ask
    monkeypatch.setattr(
        type(model.runtime.prompts), "ask", lambda *given: asked.append(ask(*given)) or asked[-1]
    )
    frame = np.full((48, 64, 3), 200, np.uint8)
    options = {"prompt": "Look for {}!", "max_points": 1}
    with model.tracker("the mug", synchronous=True, window=window, **options) as tracker:
        tracker.add("a fork")
        tracker.update(frame, 0.0)
        with pytest.raises(QueryError, match="prompt with its query"):
            tracker.add("x" * 1995)
    assert {"Look for the mug!", "Look for a fork!"} <= set(asked)
    model.track([frame, frame], "the cup", mode="offline", max_frames=2, fps=2, **options)
    assert asked[-1] == "Look for the cup!"
    model.track([frame, frame], "the cup", mode="offline", max_frames=2, fps=2, max_points=1)
    assert asked[-1] == "Track the cup"


@pytest.mark.parametrize("prompt", ["click", "{} {}", 5, "<|im_end|>{}", "\ud83d{}"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda model, prompt: model.tracker("mug", prompt=prompt),
        lambda model, prompt: model.track("no such video.mp4", "mug", prompt=prompt),
        lambda model, prompt: model.track("no such video.mp4", "mug", mode="offline", prompt=prompt),
    ],
)
def test_prompts_that_cannot_be_used(model, ask, prompt):
    with pytest.raises(InputError, match=r"prompt "):
        ask(model, prompt)
