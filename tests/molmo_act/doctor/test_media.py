"""Checks of video and optical flow find out what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.doctor import media


def test_video() -> None:
    pytest.importorskip("av", reason="needs the extra video")
    assert media.video().startswith("5 frames written and read")


def test_a_codec_that_spoils_colours(monkeypatch) -> None:
    av = pytest.importorskip("av", reason="needs the extra video")
    real = av.VideoFrame.from_ndarray
    monkeypatch.setattr(
        media, "_frame", lambda array: real(np.ascontiguousarray(255 - array), format="rgb24"), raising=True
    )
    with pytest.raises(ArithmeticError, match="levels off"):
        media.video()


def test_opencv(monkeypatch) -> None:
    cv2 = pytest.importorskip("cv2", reason="needs the extra video")
    assert media.opencv() == "optical flow of 2 pixels is 2.00"
    monkeypatch.setattr(cv2, "calcOpticalFlowPyrLK", lambda one, two, start, end: (start, np.ones(1), None))
    with pytest.raises(ArithmeticError, match=r"for a move of \(2, 0\)"):
        media.opencv()
