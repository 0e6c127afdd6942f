"""Container files name what is there: no engine builds them here, but what they copy and run is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="of Python 3.11")
yaml = pytest.importorskip("yaml", reason="needs the extra gui")

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FILES = ("Dockerfile", "Dockerfile.jetson")
NODES = {"point": "molmo-act-point-node", "track": "molmo-act-track-node"}


def instructions(name: str) -> list[tuple[str, str]]:
    """(instruction, rest) of a container file, lines that go on joined."""
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / name).read_text("utf-8"), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", " ", text)
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


@pytest.mark.parametrize("name", FILES)
def test_what_is_copied_is_there(name):
    copied = [
        rest.split()[:-1] for word, rest in instructions(name) if word == "COPY" and "--from" not in rest
    ]
    assert copied
    assert [path for paths in copied for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", FILES)
def test_it_runs_as_a_user_and_says_that_it_was_not_built(name):
    steps = instructions(name)
    assert [rest for word, rest in steps if word == "USER"] == ["robot"]
    assert [word for word, _ in steps].index("USER") > max(
        n for n, (word, _) in enumerate(steps) if word == "RUN"
    )
    assert "It was never built" in (DOCKER / name).read_text("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_its_programs_and_extras_exist(name):
    steps = dict(instructions(name))
    assert yaml.safe_load(steps["CMD"])[0] in PROJECT["scripts"]
    text = (DOCKER / name).read_text("utf-8")
    for extras in re.findall(r"ARG EXTRAS=(\S+)", text):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    named = set(re.findall(r"molmo-act-[a-z]+-node", text))
    assert named <= set(PROJECT["scripts"])


def test_the_nodes_of_the_compose_file_share_memory_with_the_host():
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    assert set(compose["services"]) == set(NODES)
    for name, service in compose["services"].items():
        assert (service["ipc"], service["network_mode"], service["runtime"]) == ("host", "host", "nvidia")
        assert service["command"][0] == NODES[name]
        assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        for mount in service["volumes"]:
            assert mount.endswith(":/models:ro")


def test_parameters_of_the_compose_file_are_those_of_the_nodes():
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    source = (ROOT / "ros_nodes/molmo_act_ros/molmo_act_ros/parameters.py").read_text("utf-8")
    known = set(re.findall(r"^    (\w+): ", source, re.MULTILINE))
    for service in compose["services"].values():
        words = service["command"]
        after = [words[n + 1].partition(":=")[0] for n, word in enumerate(words) if word == "--param"]
        assert after
        assert set(after) <= known


def test_the_unit_starts_a_service_of_the_compose_file():
    unit = (DOCKER / "molmo-act.service").read_text("utf-8")
    started = re.search(r"ExecStart=/usr/bin/docker compose --file (\S+) up \S+ (\w+)$", unit, re.MULTILINE)
    assert started is not None
    compose = yaml.safe_load((ROOT / started[1]).read_text("utf-8"))
    assert started[2] in compose["services"]


def test_the_guide_says_first_that_nothing_was_run_and_names_files_that_exist():
    guide = (ROOT / "docs/jetson.md").read_text("utf-8")
    title, blank, first, *_ = guide.splitlines()
    assert (title, blank) == ("# Jetson", "")
    assert first.startswith("Nothing on this page was run on a board")
    for path in set(re.findall(r"docker/[\w.-]+", guide)):
        assert (ROOT / path.rstrip(".")).exists(), path
