"""Options of track(): those of the other mode are refused, and the types name all that there are."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.pointing.model import PointingModel
from molmo_act.pointing.options import DTYPE_NAMES, QUANTIZATION_NAMES, TrackOptions, check_track_options


def is_refused(mode, name):
    try:
        check_track_options(mode, {name: None})
    except InputError:
        return True
    return False


def test_options_of_the_other_mode_are_refused():
    by_mode = {
        mode: {name for name in TrackOptions.__annotations__ if not is_refused(mode, name)}
        for mode in ("stream", "offline")
    }
    assert by_mode["stream"] | by_mode["offline"] == set(TrackOptions.__annotations__)
    assert by_mode["offline"] - by_mode["stream"] == {"max_frames", "max_fps"}
    assert {"window", "rate", "max_crops"} <= by_mode["stream"] - by_mode["offline"]
    with pytest.raises(InputError, match="window was given, which has no meaning with mode='offline'"):
        check_track_options("offline", {"window": 8})


def test_waiting_is_not_an_option():
    for given in (True, False):
        with pytest.raises(InputError, match=r"synchronous was given to track\(\).*leave it out"):
            check_track_options("stream", {"synchronous": given})


def test_a_misspelt_option_is_pythons_own_error():
    with pytest.raises(TypeError, match=r"track\(\) got an unexpected keyword argument 'widnow'"):
        check_track_options("stream", {"widnow": 8})


def test_names_for_programs_without_torch_are_those_that_load_takes():
    from molmo_act.pointing.load import DTYPES
    from molmo_act.quantization.config import NAMES

    assert tuple(DTYPES) == DTYPE_NAMES
    assert QUANTIZATION_NAMES == NAMES


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("tracker", ("red",)),
        ("count", (np.zeros((8, 8, 3), np.uint8), "red")),
        ("count_in_video", ([np.zeros((8, 8, 3), np.uint8)], "red")),
        ("track", ([np.zeros((8, 8, 3), np.uint8)], "red")),
    ],
)
def test_an_unknown_option_is_of_the_verb_that_was_called(verb, given):
    message = rf"^{verb}\(\) got an unexpected keyword argument 'foo'; expected some of .*max_points"
    with pytest.raises(TypeError, match=message):
        getattr(PointingModel(None, None, "none"), verb)(*given, foo=1)
