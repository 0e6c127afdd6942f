"""What is printed of points, tracks and times, for programs and for people."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

from molmo_act.cli._output import (
    CUT_SHORT,
    DAMAGED,
    VideoSummary,
    bench_table,
    count_json,
    points_json,
    points_table,
)
from molmo_act.outputs.points import Points
from molmo_act.outputs.tracks import Tracks


def points(*xy, **more):
    options = {"score": [0.5] * len(xy), "image_size": [(60, 40)], "query": "mug", "absent": 0.25} | more
    return Points(xy=list(xy), **options)


def test_json_is_one_line_with_the_model_and_what_the_points_say_of_themselves():
    found = points((1.23456, 2.0), score=[1 / 3], timing_ms={"prefill": 1.23456})
    line = points_json("nano", "a.png", found)
    assert "\n" not in line
    assert json.loads(line) == {"model": "nano", "source": "a.png", **found.to_dict()}
    count = json.loads(count_json("nano", "a.png", 1, found))
    assert count == {
        **{"model": "nano", "source": "a.png", "query": "mug", "image_size": [[60, 40]]},
        **{"truncated": False, "damaged": False, "count": 1},
    }


def test_a_table_of_points():
    assert points_table(points((1, 2))).splitlines() == [
        '1 point for "mug" in 60×40 pixels',
        "   #        x        y  score",
        "   1      1.0      2.0  0.50",
    ]
    assert points_table(points((1, 2), truncated=True)).splitlines()[0].endswith(f"pixels; {CUT_SHORT}")
    assert points_table(points((1, 2), damaged=True)).splitlines()[0].endswith(f"pixels; {DAMAGED}")
    assert points_table(points(truncated=True), "a.png") == (
        f'a.png: nothing found for "mug" in 60×40 pixels (absent 0.25); {CUT_SHORT}'
    )
    assert points_table(points()) == 'nothing found for "mug" in 60×40 pixels (absent 0.25)'


def tracks(timestamp, visible):
    ids = list(range(1, len(visible) + 1))
    return Tracks(
        timestamp=timestamp,
        frame_index=0,
        image_size=(60, 40),
        xy=[(1, 2)] * len(ids),
        object_id=ids,
        score=[0.5] * len(ids),
        visible=visible,
        age=[0.0] * len(ids),
        source=["grounded"] * len(ids),
        query=["red", "blue"][: len(ids)],
    )


def tracks_table(history):
    summary = VideoSummary()
    for one in history:
        summary.add(one)
    return summary.table()


def test_what_is_kept_of_tracks_does_not_grow_with_the_frames():
    summary = VideoSummary()
    sizes = []
    for index in range(2000):
        summary.add(tracks(index / 10, [True, index % 2 == 0]))
        if index in (10, 1999):
            sizes.append(len(pickle.dumps(summary)))
    assert summary.frames == 2000
    assert sizes[1] - sizes[0] < 20  # longer numbers


def test_a_table_of_tracks_counts_the_frames_on_which_an_object_is_visible():
    history = [tracks(0.0, [True, False]), tracks(0.5, [True, True]), tracks(1.0, [False, True])]
    assert tracks_table(history).splitlines() == [
        "2 objects on 3 frames",
        "   #    first     last  frames  query",
        "   1    0.00s    0.50s       2  red",
        "   2    0.50s    1.00s       2  blue",
    ]
    cut = replace(tracks(0.0, [False]), truncated=True)
    assert tracks_table([cut]) == f"0 objects on 1 frame; {CUT_SHORT}"
    assert tracks_table([tracks(0.0, [False])]) == "0 objects on 1 frame"


def test_a_table_of_times():
    ms = {"prefill": 1.0, "decode": 2.0, "plain_prefill": 3.0, "plain_decode": 4.0}
    measured = {"model": "nano", "device": "cpu", "dtype": "float32", "prompt_tokens": 5, "answer_tokens": 6}
    found = bench_table(measured | {"ms": {stage: {"median": value} for stage, value in ms.items()}})
    assert found.splitlines() == [
        "nano on cpu, float32: 5 tokens in, 6 out",
        "engine   prefill 1.0 ms, decode 2.0 ms",
        "generate prefill 3.0 ms, decode 4.0 ms",
    ]
