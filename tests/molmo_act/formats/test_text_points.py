"""Every model that writes points as text says how, and where they stand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from molmo_act.formats.text_points import TEXT_FORMATS, text_format
from molmo_act.pointing.load import MODEL_CLASSES

TEXTS = {
    "molmo2": '<points coords="1 1 500 250 2 100 200">m</points>',
    "videomolmo": ' <points x1="50.0" y1="25.0" x2="10.0" y2="20.0" alt="m">m</points>',
    "molmo": ' <points x1="50.0" y1="25.0" x2="10.0" y2="20.0" alt="m">m</points>',
}


def test_all_text_models_have_a_format():
    assert set(TEXT_FORMATS) == set(MODEL_CLASSES) - {"molmo_point"} | {"videomolmo"} == set(TEXTS)


def test_a_videomolmo_has_the_model_type_of_molmo():
    config = SimpleNamespace(model_type="molmo")
    assert text_format(config) is TEXT_FORMATS["molmo"]
    config.has_temporal_module = True
    assert text_format(config) is TEXT_FORMATS["videomolmo"]


@pytest.mark.parametrize("kind", TEXTS)
def test_points_and_where_they_stand(kind):
    text, written = TEXTS[kind], TEXT_FORMATS[kind]
    assert written.read(text, [(1000, 1000)]) == [[1, 0, 500, 250], [2, 0, 100, 200]]
    assert text.startswith(written.openings)
    found = [text[first:last] for first, last in written.spans(text)]
    assert len(found) == 2
    assert "50" in found[0]
    assert "20" in found[1]
