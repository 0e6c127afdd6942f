"""The messages of the project: what the package's files say of them, and what the built wheel holds."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import tomllib
from molmo_act_ros.interfaces import find_interfaces

from tests.support.paths import ROOT

FOLDER = ROOT / "ros_nodes" / "molmo_act_interfaces"
BUILT = "molmo_act_interfaces is built by `make setup`, where there is a C++ compiler"


def defined() -> set[str]:
    return {f"{kind}/{file.name}" for kind in ("msg", "srv", "action") for file in (FOLDER / kind).iterdir()}


def test_every_definition_is_built():
    told = re.findall(r"^ +((?:msg|srv|action)/\S+)$", (FOLDER / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert set(told) == defined()
    assert len(told) == len(defined())


def test_colcon_and_pip_know_the_same_package():
    package = ElementTree.parse(FOLDER / "package.xml").getroot()
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    assert package.findtext("name") == project["name"].replace("-", "_") == FOLDER.name
    for tag in ("version", "description", "license"):
        assert package.findtext(tag) == project[tag], tag
    assert f"project({FOLDER.name})" in (FOLDER / "CMakeLists.txt").read_text()


def test_message_packages_are_found_where_they_are_installed():
    assert find_interfaces("no_such_interfaces.msg") is None
    assert find_interfaces("json.decoder").JSONDecoder is not None


@pytest.mark.ros
@pytest.mark.parametrize("kind", ["msg", "srv", "action"])
def test_the_built_package_holds_every_definition(kind):
    built = pytest.importorskip(f"molmo_act_interfaces.{kind}", reason=BUILT)
    names = {Path(name).stem for name in defined() if name.startswith(f"{kind}/")}
    assert names
    for name in names:
        assert getattr(built, name).__module__.startswith(f"molmo_act_interfaces.{kind}."), name


@pytest.mark.ros
def test_messages_survive_the_wire_format(ros):
    messages = pytest.importorskip("molmo_act_interfaces.msg", reason=BUILT)
    from rclpy.serialization import deserialize_message, serialize_message

    pixel = messages.PointedPixel(u=1.5, v=2.5, object_id=7, score=0.5, label="mug", visible=True, source=1)
    query = messages.PointedQuery(query="the mug", query_id=3, absent=0.25)
    sent = messages.PointedPixels(width=640, height=480, node="/n", queries=[query], points=[pixel, pixel])
    assert deserialize_message(serialize_message(sent), messages.PointedPixels) == sent
