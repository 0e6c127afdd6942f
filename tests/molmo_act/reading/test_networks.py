"""Only networks that rapidocr carries are loaded, and a version with others is refused."""

from __future__ import annotations

import pytest

from molmo_act.errors import PlatformError
from molmo_act.reading import networks

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_other_versions_of_rapidocr_are_refused(content, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "_model_folder", lambda: tmp_path)
    if content is not None:
        for name in (networks.DETECTION, networks.RECOGNITION):
            (tmp_path / name).write_bytes(content)
    with pytest.raises(PlatformError, match=r"PP-OCRv6_det_small.* Expected rapidocr 3\.10"):
        networks.TextNetworks.of_rapidocr()


def test_the_alphabet_begins_with_the_separator_and_ends_with_a_space():
    alphabet = networks.TextNetworks.of_rapidocr().alphabet
    assert (alphabet[0], alphabet[-1]) == ("", " ")
    assert {"a", "Z", "9", "=", "é", "保"} < set(alphabet)
