"""Programs on a D-Bus bus of their own that tell of made-up widgets, and one that never answers."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from gui_agent.accessibility.tree import ROOT
from gui_agent.accessibility.widget import STATES

SHOWN = ("showing", "sensitive")


@dataclass
class Part:
    """A widget of such a program."""

    role: str
    name: str = ""
    box: tuple[int, int, int, int] | None = (0, 0, 10, 10)
    parts: tuple[Part, ...] = ()
    states: tuple[str, ...] = SHOWN
    description: str = ""
    label: Part | None = None
    path: str = field(default="", repr=False)


class Programs:
    """Serves the parts of each program by their paths, from one connection each.

    Args:
        address: Of the bus.
        tops: Program: its windows; a program without any never answers.
    """

    def __init__(self, address: str, tops: dict[str, tuple[Part, ...]]) -> None:
        from jeepney.io.blocking import open_dbus_connection

        self.connections = [open_dbus_connection(address) for _ in tops]
        self.servers: list[threading.Thread] = []
        self.names = [one.unique_name for one in self.connections]
        registry = open_dbus_connection(address)
        _own(registry, ROOT.program)
        self.connections.append(registry)
        for connection, windows in zip(self.connections, [*tops.values(), ()], strict=True):
            parts: dict[str, Any] = {"/root": Part("application", "program", None, windows)}
            if connection is registry:
                parts = {ROOT.path: [(name, "/root") for name in self.names]}
            else:
                for number, window in enumerate(windows):
                    _number(window, f"/w{number}", parts)
            if windows or connection is registry:
                server = threading.Thread(target=_serve, args=(connection, parts), daemon=True)
                server.start()
                self.servers.append(server)

    def close(self) -> None:
        for connection in self.connections:
            with suppress(OSError):
                connection.sock.shutdown(2)
        for server in self.servers:
            server.join(60)
        for connection in self.connections:
            connection.close()


@contextmanager
def accessible_programs(**tops: tuple[Part, ...]) -> Iterator[str]:
    """A bus with such programs; gives its address."""
    pytest.importorskip("jeepney", reason="needs the extra accessibility")
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon: apt install dbus-x11")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
        try:
            address = daemon.stdout.readline().strip()
            programs = Programs(address, tops)
            try:
                yield address
            finally:
                programs.close()
        finally:
            daemon.kill()


def _own(connection: Any, name: str) -> None:
    from jeepney.bus_messages import message_bus

    connection.send_and_get_reply(message_bus.RequestName(name))


def _number(part: Part, path: str, parts: dict[str, Any]) -> None:
    part.path, parts[path] = path, part
    for number, inner in enumerate(part.parts):
        _number(inner, f"{path}/p{number}", parts)


def _serve(connection: Any, parts: dict[str, Any]) -> None:
    from jeepney import HeaderFields, MessageType, new_error, new_method_return

    with suppress(OSError, ValueError):
        while True:
            message = connection.receive()
            if message.header.message_type != MessageType.method_call:
                continue
            fields = message.header.fields
            part = parts.get(fields[HeaderFields.path])
            answer = _answer(connection.unique_name, part, fields[HeaderFields.member], message.body)
            if answer is None:
                connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            else:
                connection.send(new_method_return(message, *answer))


def _answer(own: str, part: Any, method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
    if method == "GetChildren":
        found = part if isinstance(part, list) else [(own, one.path) for one in part.parts]
        return "a(so)", (found,)
    if part is None:
        return None
    if method == "GetRoleName":
        return "s", (part.role,)
    if method == "GetState":
        bits = sum(1 << STATES[name] for name in part.states)
        return "au", ([bits & 0xFFFFFFFF, bits >> 32],)
    if method == "Get":
        return "v", (("s", {"Name": part.name, "Description": part.description}[body[1]]),)
    if method == "GetExtents" and part.box is not None:
        return "(iiii)", (part.box,)
    if method == "GetRelationSet":
        return "a(ua(so))", ([] if part.label is None else [(2, [(own, part.label.path)])],)
    return None
