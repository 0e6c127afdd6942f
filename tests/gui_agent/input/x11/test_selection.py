"""A text on the clipboard, as another program gets it."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from gui_agent.input.x11.selection import Offer

pytestmark = pytest.mark.display

PASTE = ["xclip", "-selection", "clipboard", "-out"]


def paste(*options: str) -> bytes:
    return subprocess.run([*PASTE, *options], capture_output=True, timeout=10).stdout


@pytest.fixture
def offered(display):
    """Offers a text until the end of the test."""
    offers = []

    def start(text: str, **options) -> Offer:
        offers.append(Offer(os.environ["DISPLAY"], text, **options))
        assert offers[-1].is_offered
        offers[-1].start()
        return offers[-1]

    yield start
    for offer in offers:
        offer.stop()


@pytest.mark.parametrize("length", [1, 65_535, 65_536, 65_537, 300_000])
def test_a_text_of_any_length(offered, length) -> None:
    text = ("ä" + "x" * length)[:length]
    offer = offered(text)
    assert paste() == text.encode()
    assert offer.taken.get(timeout=60).client


@pytest.mark.slow
def test_large_texts_do_not_wait_for_an_event_that_has_come(offered) -> None:
    """On a busy machine one of thirty did, for as long as nobody asked for anything else."""
    for _ in range(40):
        offer = offered("x" * 200_000)
        assert len(paste()) == 200_000
        offer.stop()
        offer.stop = lambda: None


def test_kinds_of_text(offered) -> None:
    offered("ä€")
    assert paste("-target", "STRING") == b"\xe4?"
    assert paste("-target", "image/png") == b""
    assert set(paste("-target", "TARGETS").decode().split()) >= {"UTF8_STRING", "STRING", "TARGETS"}


def test_a_program_that_is_not_the_target_gets_nothing(offered) -> None:
    offer = offered("secret", only_for_target=True)
    assert paste() == b""
    assert paste("-target", "x-kde-passwordManagerHint") == b"secret"  # which is the word, not the text
    assert offer.taken.empty()


def test_it_goes_when_somebody_copies_and_when_it_stops(offered) -> None:
    offer = offered("on offer")
    subprocess.run(["xclip", "-selection", "clipboard", "-in"], input=b"copied", check=True)
    assert offer.lost.wait(60)
    assert paste() == b"copied"
    again = offered("again")
    assert paste() == b"again"
    again.stop()
    again.stop = lambda: None
    deadline = time.monotonic() + 60
    while paste():
        assert time.monotonic() < deadline
