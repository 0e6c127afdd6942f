"""The line for pip, for every way in which molmo-act may have come here."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from molmo_act import _install
from molmo_act._install import install_command

ROOT = Path(__file__).parents[2]
REQUIRES = [
    "torch>=2.6",
    'av>=16; extra == "video"',
    'scipy>=1.11; extra == "video"',
    'mcp; extra == "agents"',
]


class Installed:
    """The metadata of a copy that came from a place."""

    requires = REQUIRES

    def __init__(self, **origin: object) -> None:
        self._origin = json.dumps(origin) if origin else None

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self._origin


@pytest.mark.parametrize(
    ("name", "origin", "expected"),
    [
        ("release", {}, 'pip install "molmo-act[video]"'),
        ("checkout", {"dir_info": {"editable": True}}, 'pip install --editable "{place}[video]"'),
        ("folder", {"dir_info": {}}, 'pip install "{place}[video]"'),
        ("wheel", {"archive_info": {}}, 'pip install "molmo-act[video] @ {url}"'),
        ("lost wheel", {"archive_info": {}}, 'pip install "av>=16" "scipy>=1.11"'),
        ("lost checkout", {"dir_info": {"editable": True}}, 'pip install "av>=16" "scipy>=1.11"'),
        (
            "repository",
            {"url": "https://host/molmo_act.whl"},
            'pip install "molmo-act[video] @ https://host/molmo_act.whl"',
        ),
    ],
)
def test_line_of_an_extra(monkeypatch, tmp_path, name, origin, expected):
    place = tmp_path / "with blank" / name
    place.parent.mkdir()
    if name in ("checkout", "folder"):
        place.mkdir()
    elif name == "wheel":
        place.touch()
    if origin:
        origin = {"url": place.as_uri()} | origin
    monkeypatch.setattr(_install, "distribution", lambda asked: Installed(**origin))
    assert install_command("video") == expected.format(place=place, url=place.as_uri())


def test_lines_of_several_extras_and_of_none(monkeypatch, tmp_path):
    monkeypatch.setattr(_install, "distribution", lambda name: Installed())
    assert install_command() == "pip install molmo-act"
    assert install_command("video,agents") == 'pip install "molmo-act[video,agents]"'
    lost = Installed(url=(tmp_path / "lost.whl").as_uri(), archive_info={})
    monkeypatch.setattr(_install, "distribution", lambda name: lost)
    assert install_command() == 'pip install "torch>=2.6"'
    assert install_command("video,agents") == 'pip install "av>=16" "scipy>=1.11" "mcp"'


def test_line_in_a_checkout_that_is_not_installed(monkeypatch):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_install, "distribution", missing)
    assert install_command("gui") == f'pip install --editable "{ROOT}[gui]"'
