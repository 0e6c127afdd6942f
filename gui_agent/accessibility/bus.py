"""AccessibilityBus: asks programs on the accessibility bus (AT-SPI over D-Bus), each within a time limit."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from molmo_act._optional import import_optional
from molmo_act.errors import PlatformError

ADDRESS_VARIABLE = "AT_SPI_BUS_ADDRESS"
CONNECT_SECONDS = 2.0
_TOGETHER = 512
"""Calls that are sent before the first reply is read."""


class Silent(Exception):
    """A program did not answer in time."""


@dataclass(frozen=True)
class Address:
    """One object of a program on the bus.

    Attributes:
        program: The bus's name of the program.
        path: The program's name of the object.
    """

    program: str
    path: str


@dataclass(frozen=True)
class Call:
    """A question to an object.

    Attributes:
        address: The object.
        interface: Full name of the interface.
        method: Name of the method.
        signature: Of its arguments; "" for none.
        arguments: The arguments.
    """

    address: Address
    interface: str
    method: str
    signature: str = ""
    arguments: tuple[Any, ...] = ()


class AccessibilityBus:
    """A connection to the accessibility bus.

    Args:
        address: Of the bus, as D-Bus writes it.

    Raises:
        MissingExtraError: The extra ``accessibility`` is not installed.
        PlatformError: Nobody answers at the address.
    """

    def __init__(self, address: str) -> None:
        self._jeepney = import_optional("jeepney", extra="accessibility", purpose="Reading accessible names")
        blocking = import_optional(
            "jeepney.io.blocking", extra="accessibility", purpose="Reading accessible names"
        )
        self._lock = threading.Lock()
        try:
            self._connection = blocking.open_dbus_connection(address, auth_timeout=CONNECT_SECONDS)
        except (OSError, ValueError, RuntimeError) as error:  # TimeoutError is an OSError
            raise PlatformError(
                f"The accessibility bus at {address!r} does not answer ({error}). Start at-spi-bus-launcher, "
                "or leave 'accessibility' out of the sources."
            ) from error
        self.close = weakref.finalize(self, self._connection.close)
        """Closes the connection; so does the end of this object."""

    def ask(self, calls: Sequence[Call], seconds: float) -> list[tuple[Any, ...] | None]:
        """Asks all questions at once, and waits for all answers.

        Args:
            calls: The questions.
            seconds: How long all of them may take.

        Returns:
            For each question what its method returned; None where the program refused it.

        Raises:
            Silent: Not all were answered in time.
            PlatformError: The bus is gone.
        """
        deadline = time.monotonic() + seconds
        answers: list[tuple[Any, ...] | None] = []
        with self._lock:
            for first in range(0, len(calls), _TOGETHER):
                answers += self._ask(calls[first : first + _TOGETHER], deadline)
        return answers

    def _ask(self, calls: Sequence[Call], deadline: float) -> list[tuple[Any, ...] | None]:
        try:
            numbers = [self._send(call) for call in calls]
            answers: dict[int, tuple[Any, ...] | None] = {}
            missing = set(numbers)
            while missing:
                reply = self._connection.receive(timeout=max(0.0, deadline - time.monotonic()))
                number = reply.header.fields.get(self._jeepney.HeaderFields.reply_serial)
                if number in missing:  # others are late answers to earlier questions
                    missing.discard(number)
                    is_answer = reply.header.message_type == self._jeepney.MessageType.method_return
                    answers[number] = tuple(reply.body) if is_answer else None
            return [answers[number] for number in numbers]
        except TimeoutError as error:
            raise Silent from error
        except OSError as error:
            raise PlatformError(f"The accessibility bus is gone ({error}).") from error

    def _send(self, call: Call) -> int:
        target = self._jeepney.DBusAddress(call.address.path, call.address.program, call.interface)
        message = self._jeepney.new_method_call(
            target, call.method, call.signature or None, tuple(call.arguments)
        )
        number = next(self._connection.outgoing_serial)
        self._connection.send(message, serial=number)
        return int(number)


def bus_address(of_display: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """Finds the accessibility bus, in the order in which AT-SPI's own library does.

    Args:
        of_display: What the display itself says; None where it says nothing.
        environment: Of this process.

    Returns:
        Its address; None where there is none.
    """
    return environment.get(ADDRESS_VARIABLE) or of_display or _of_session(environment)


def _of_session(environment: Mapping[str, str]) -> str | None:
    """What the session bus says; it starts the accessibility bus where that is installed."""
    session = environment.get("DBUS_SESSION_BUS_ADDRESS")
    if not session:
        return None
    try:
        bus = AccessibilityBus(session)
    except PlatformError:
        return None
    try:
        launcher = Address("org.a11y.Bus", "/org/a11y/bus")
        [answer] = bus.ask([Call(launcher, "org.a11y.Bus", "GetAddress")], CONNECT_SECONDS)
    except (Silent, PlatformError):
        return None
    finally:
        bus.close()
    return str(answer[0]) or None if answer else None
