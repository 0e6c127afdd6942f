"""Questions on a real bus: answered together, refused, or not in time."""

from __future__ import annotations

import time

import pytest

from gui_agent.accessibility.bus import AccessibilityBus, Address, Call, Silent, bus_address
from gui_agent.accessibility.tree import ROOT
from molmo_act import _optional
from molmo_act.errors import MissingExtraError, PlatformError
from tests.support.accessible_programs import Part, accessible_programs

ACCESSIBLE = "org.a11y.atspi.Accessible"


def test_all_answers_come_in_the_order_of_the_questions() -> None:
    with accessible_programs(editor=(Part("frame", "Notes"),)) as address:
        bus = AccessibilityBus(address)
        [[children]] = bus.ask([Call(ROOT, ACCESSIBLE, "GetChildren")], 30)
        [program] = [Address(*one) for one in children]
        window = Address(program.program, "/w0")
        calls = [Call(window, ACCESSIBLE, name) for name in ("GetRoleName", "NoSuchMethod") * 400]
        assert bus.ask(calls, 60) == [("frame",), None] * 400
        bus.close()


def test_a_program_that_hangs_has_a_time_limit_and_spoils_nothing() -> None:
    with accessible_programs(hung=(), editor=(Part("frame", "Notes"),)) as address:
        bus = AccessibilityBus(address)
        [[(hung, editor)]] = bus.ask([Call(ROOT, ACCESSIBLE, "GetChildren")], 30)
        began = time.monotonic()
        with pytest.raises(Silent):
            bus.ask([Call(Address(*hung), ACCESSIBLE, "GetRoleName")], 0.1)
        assert time.monotonic() - began < 60
        assert bus.ask([Call(Address(editor[0], "/w0"), ACCESSIBLE, "GetRoleName")], 30) == [("frame",)]


def test_a_bus_that_is_gone() -> None:
    with accessible_programs() as address:
        bus = AccessibilityBus(address)
    with pytest.raises(PlatformError, match="The accessibility bus is gone"):
        bus.ask([Call(ROOT, ACCESSIBLE, "GetChildren")] * 3, 30)


@pytest.mark.parametrize("address", ["unix:path=/no/such/bus", "tcp:host=nowhere", "nonsense"])
def test_an_address_at_which_nobody_answers(address: str) -> None:
    pytest.importorskip("jeepney", reason="needs the extra accessibility")
    with pytest.raises(PlatformError, match=r"The accessibility bus at .* does not answer"):
        AccessibilityBus(address)


def test_where_the_bus_is() -> None:
    assert bus_address("of the display", {"AT_SPI_BUS_ADDRESS": "mine"}) == "mine"
    assert bus_address("of the display", {}) == "of the display"
    assert bus_address(None, {}) is None
    pytest.importorskip("jeepney", reason="needs the extra accessibility")
    assert bus_address(None, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/no/such/bus"}) is None


def test_without_the_package(monkeypatch) -> None:
    def missing(name: str):
        raise ImportError(name)

    monkeypatch.setattr(_optional, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"jeepney.*\[accessibility\]"):
        AccessibilityBus("unix:path=/any")
