"""Every check says how to get what it tries."""

from __future__ import annotations

from molmo_act.doctor.checks import CHECKS


def test_every_way_to_install_is_a_command() -> None:
    for check in CHECKS.values():
        if check.package or check.install:
            assert check.fix().startswith(("pip install ", "sudo apt install ")), check.name


def test_names_are_those_of_the_table() -> None:
    assert all(name == check.name for name, check in CHECKS.items())
    assert {check.group for check in CHECKS.values()} == {"compute", "media", "ros", "desktop"}
