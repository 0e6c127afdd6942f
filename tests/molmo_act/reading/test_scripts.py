"""Labels in scripts that a reader does not know are left to the model."""

from __future__ import annotations

import pytest

from molmo_act.outputs.points import Points
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.names import READER_NAMES, SCRIPTS
from molmo_act.reading.scripts import is_unreadable, script_of
from molmo_act.reading.seen import SeenImage
from molmo_act.request import Bounds
from tests.support.written_screen import draw_screen, read_line, read_text

KNOWN = SCRIPTS["rapidocr"]
UNREADABLE = {
    "حفظ": True,
    "שמור": True,
    "Сохранить": True,
    "저장": True,
    "บันทึก": True,
    "सहेजें": True,
    "Save": False,
    "Größe": False,
    "保存": False,
    "ほぞん": False,
    "Αποθήκευση": False,
    "9 + 3": False,
    "Save حفظ": False,  # as many Latin letters as others
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_rapidocr_cannot_know(text):
    assert is_unreadable(text, KNOWN) is UNREADABLE[text]
    assert not is_unreadable(text, None)


def test_every_named_reader_says_its_scripts():
    assert set(SCRIPTS) == set(READER_NAMES)


def test_the_alphabet_has_these_scripts_and_no_others():
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from molmo_act.reading.networks import TextNetworks

    alphabet = [each for each in TextNetworks.of_rapidocr().alphabet if len(each) == 1 and each.isalpha()]
    counts = {script: sum(script_of(each) == script for each in alphabet) for script in KNOWN}
    assert min(counts.values()) > 20
    other = ("ARABIC", "HEBREW", "CYRILLIC", "HANGUL", "THAI", "DEVANAGARI")
    assert not any(script_of(each) in other for each in alphabet)


class Reader:
    name = "scripted"
    scripts = KNOWN

    def read(self, image, *, timeout=None):
        return read_text(read_line("Save", 100, 100))


@pytest.mark.parametrize(
    ("query", "source"), [("زر حفظ", "model"), ("кнопка Сохранить", "model"), ("кнопка Save", "text")]
)
def test_a_label_in_arabic_is_not_called_absent_because_it_was_not_read(query, source):
    seen = SeenImage.read(draw_screen((640, 480), {"Save": (100, 100)}), GuardedReader(Reader()))
    points = Points(xy=[(500, 400)], score=[0.3], image_size=[(640, 480)], query=query, absent=0.6)
    found = seen.fuse(points, Bounds(), None, "nano")
    assert found.best.source == source
    if source == "model":
        assert (found.best.x, found.best.y) == (500, 400)
        assert (found.best.score, found.absent) == (pytest.approx(0.3), pytest.approx(0.6))
