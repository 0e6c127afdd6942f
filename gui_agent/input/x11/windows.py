"""Lists the windows on an X11 screen, and tells which window a place or the keyboard belongs to (EWMH)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from gui_agent.geometry import Area
from gui_agent.input.x11.keyboard import held_modifiers
from gui_agent.input.x11.properties import Batch, text, value
from molmo_act.errors import PlatformError

VIEWABLE = 2  # of a window and all that it is in
GROUP_HINT = 64  # bit of WM_HINTS that says that it names the leader of a group of windows
ANY_BUTTON = 0x0700  # of the pointer's state; a wheel is no button that is held
KIND = "_NET_WM_WINDOW_TYPE_{}"
STACKED = "_NET_CLIENT_LIST_STACKING"
LONGEST_TITLE = 4096
"""In characters. Nobody can see more, and rules compare titles while the server serves nobody else."""
LEADER = 8  # place of that leader in WM_HINTS


@dataclass(frozen=True)
class WindowInfo:
    """A window as it is now.

    Attributes:
        id: The server's number of it.
        title: What its title bar says; toolkits give menus and tooltips titles, too, or none. The middle of
            one longer than `LONGEST_TITLE` is left out.
        area: Its content without the window manager's frame, in input points.
        pid: Its process, where it says so.
        frame: The server's number of the top-level window that it is in: the window manager's frame, or its
            own.
        outline: Where that top-level window is, title bar included; ``area`` where that is not known.
        client: The program's connection to the server; a program cannot claim that of another.
        is_popup: Whether it bypasses the window manager, as menus, lists of combo boxes and tooltips do.
        transient_for: The window that it says it belongs to, as dialogs do.
        group: The leader of its group of windows.
        is_tooltip: Whether it says that it is a tooltip, which is in the way of a click.
        is_panel: Whether it says that it is a panel or a notification, which repeat titles of other windows.
        wm_class: Both names of its class, where it says so: of this one, and of all of its kind.
        order: Its place in the order in which windows were opened, where it is one of a list.
    """

    id: int
    title: str
    area: Area
    pid: int | None
    frame: int = 0
    outline: Area | None = None
    client: int = 0
    is_popup: bool = False
    transient_for: int | None = None
    group: int | None = None
    is_tooltip: bool = False
    is_panel: bool = False
    wm_class: tuple[str, ...] = ()
    order: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Pointed:
    """Where the pointer is, and what is below it.

    Attributes:
        point: (x, y) in input points.
        window: The topmost window there; None for the bare desktop.
        is_pressed: Whether a button is down, whoever holds it. A click also counts as down for as long as a
            window manager holds it back, and with it everything that the pointer does.
        held: Names of the modifiers that are down, whoever holds them; locks are none.
    """

    point: tuple[int, int]
    window: WindowInfo | None
    is_pressed: bool = False
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surface:
    """A top-level window as the screen shows it, frame included.

    Attributes:
        area: Where it is, in input points.
        client: Which program made it (`WindowInfo.client`): the window manager, where it put a frame around.
    """

    area: Area
    client: int


def list_surfaces(display: Any) -> dict[int, Surface]:
    """Lists the top-level windows that are shown, whoever manages them; two round trips.

    Args:
        display: A connection to the X server.

    Returns:
        By the server's number of each.
    """
    from Xlib.error import XError

    children = [window.id for window in display.screen().root.query_tree().children]
    ask = Batch(display)
    asked = [(number, ask.attributes(number), ask.geometry(number)) for number in children]
    surfaces = {}
    for number, attributes, shape in asked:
        with suppress(XError):  # it has just been closed
            attributes.reply()
            shape.reply()
            if attributes.map_state == VIEWABLE and attributes.win_class == 1:
                area = Area(shape.x, shape.y, shape.width, shape.height)
                surfaces[number] = Surface(area, client_of(display, number))
    return surfaces


def list_windows(display: Any) -> list[WindowInfo]:
    """Lists the windows that are shown and that a window manager manages.

    Args:
        display: A connection to the X server.

    Returns:
        The windows, the lowest first.

    Raises:
        PlatformError: No window manager keeps the list.
    """
    from Xlib.error import XError

    ask = Batch(display)
    root = display.screen().root.id
    stacked, opened = ask.property(root, STACKED), ask.property(root, "_NET_CLIENT_LIST")
    ids, by_age = value(stacked), list(value(opened) or ())
    if ids is None:
        raise PlatformError(
            "No window manager on this display keeps a list of windows (EWMH). Run one, such as openbox, or "
            "give a region as an Area."
        )
    windows = []
    for number in ids:
        with suppress(XError):  # it has just been closed
            window = _info(display, number, _frame(display, number))
            if window is not None:
                order = by_age.index(number) if number in by_age else len(by_age)
                windows.append(replace(window, order=order))
    return windows


def accessibility_bus(display: Any) -> str | None:
    """Reads where programs of a display answer accessibility tools.

    Args:
        display: A connection to the X server.

    Returns:
        The address of a D-Bus bus; None where nobody has written it on the root window.
    """
    ask = Batch(display)
    return text(display, ask.property(display.screen().root.id, "AT_SPI_BUS")) or None


def list_popups(display: Any) -> list[WindowInfo]:
    """Lists the windows that are shown past the window manager: menus, lists of combo boxes, tooltips.

    Args:
        display: A connection to the X server.

    Returns:
        The windows, the lowest first.
    """
    from Xlib.error import XError

    children = [window.id for window in display.screen().root.query_tree().children]
    ask = Batch(display)
    answers = [ask.attributes(number) for number in children]
    popups = []
    for number, attributes in zip(children, answers, strict=True):
        with suppress(XError):
            attributes.reply()
            if attributes.override_redirect and attributes.map_state and attributes.win_class == 1:
                popups.append(_info(display, number, number))
    known = frames(display) if popups else set()  # some window managers mark their frames so, too
    return [window for window in popups if window is not None and window.frame not in known]


def window_at(display: Any, x: int, y: int, below: WindowInfo | None = None) -> WindowInfo | None:
    """Finds the topmost window at a place, menus included.

    Args:
        display: A connection to the X server.
        x: In input points.
        y: In input points.
        below: What is looked through, with all above it; nothing unless given.

    Returns:
        The window; None for the bare desktop.
    """
    from Xlib.error import XError

    root = display.screen().root
    try:
        if below is not None:
            return _window_below(display, x, y, below)
        child = root.translate_coords(root, x, y).child
        return framed_by(display, child.id) if child else None
    except XError:  # it went away meanwhile: whatever is there now, it is not what was looked at
        return None


def _window_below(display: Any, x: int, y: int, upper: WindowInfo) -> WindowInfo | None:
    is_below = False
    for number, surface in reversed(list_surfaces(display).items()):
        if is_below and surface.area.covers(x + 0.5, y + 0.5):
            return framed_by(display, number)
        is_below = is_below or number == upper.frame
    return None if is_below else window_at(display, x, y)  # it has just gone


def pointed(display: Any, likely: WindowInfo | None = None) -> Pointed:
    """Finds the pointer, and the topmost window below it.

    Args:
        display: A connection to the X server.
        likely: A window that is expected there, which makes it quicker.

    Returns:
        Both.
    """
    from Xlib.error import XError

    pointer = display.screen().root.query_pointer()
    point, is_pressed = (int(pointer.root_x), int(pointer.root_y)), bool(pointer.mask & ANY_BUTTON)
    try:
        window = framed_by(display, pointer.child.id, likely) if pointer.child else None
    except XError:
        window = None
    return Pointed(point, window, is_pressed, held_modifiers(display, pointer.mask))


def focused(display: Any, likely: WindowInfo | None = None) -> WindowInfo | None:
    """Finds the window that has the keyboard focus.

    Args:
        display: A connection to the X server.
        likely: A window that is expected to have it, which makes it quicker.

    Returns:
        The window; None where no window has it.
    """
    from Xlib.error import XError

    focus = display.get_input_focus().focus
    if isinstance(focus, int):  # none, or whatever is under the pointer
        return None
    try:
        if likely is not None and focus.id == likely.id:
            return _info(display, likely.id, likely.frame)
        frame = _frame(display, focus.id)
        return None if frame == display.screen().root.id else framed_by(display, frame, likely)
    except XError:
        return None


def focused_client(display: Any) -> int | None:
    """Finds which program has the keyboard focus.

    Args:
        display: A connection to the X server.

    Returns:
        Its connection, as `WindowInfo.client`; None for none.
    """
    focus = display.get_input_focus().focus
    return None if isinstance(focus, int) else client_of(display, focus.id)


def client_of(display: Any, number: int) -> int:
    """Finds which program a window belongs to.

    Args:
        display: A connection to the X server.
        number: The server's number of the window.

    Returns:
        Its connection, as `WindowInfo.client`.
    """
    return number & ~int(display.display.info.resource_id_mask)


def frames(display: Any) -> set[int]:
    """Lists the top-level windows that a window manager put around the windows it manages.

    Args:
        display: A connection to the X server.

    Returns:
        The server's numbers of them.
    """
    from Xlib.error import XError

    found = set()
    for number in _client_ids(display) or ():
        with suppress(XError):  # it has just been closed
            found.add(_frame(display, number))
    return found


def framed_by(display: Any, frame: int, likely: WindowInfo | None = None) -> WindowInfo | None:
    """Finds the window in a top-level window.

    Args:
        display: A connection to the X server.
        frame: The server's number of the top-level window: a window manager's frame, or the window itself.
        likely: A window that is expected in it, which makes it quicker.

    Returns:
        The window; None where it is not shown.

    Raises:
        XError: It is gone.
    """
    from Xlib.error import XError

    if likely is not None and likely.frame == frame:
        return _info(display, likely.id, frame)
    for number in reversed(_client_ids(display) or ()):
        with suppress(XError):  # another window has just been closed
            if _frame(display, number) == frame:
                return _info(display, number, frame)
    return _info(display, frame, frame)  # a menu or a tooltip, or there is no window manager


def _client_ids(display: Any) -> Sequence[int] | None:
    """The numbers of the windows that a window manager manages, the lowest first; None without one."""
    ids: Sequence[int] | None = value(Batch(display).property(display.screen().root.id, STACKED))
    return ids


def _info(display: Any, number: int, frame: int) -> WindowInfo | None:
    ask = Batch(display)
    state, pid = ask.property(number, "_NET_WM_STATE"), ask.property(number, "_NET_WM_PID")
    name, old_name = ask.property(number, "_NET_WM_NAME"), ask.property(number, "WM_NAME")
    owner, hints = ask.property(number, "WM_TRANSIENT_FOR"), ask.property(number, "WM_HINTS")
    kind, of_kind = ask.property(number, "_NET_WM_WINDOW_TYPE"), ask.property(number, "WM_CLASS")
    shape, corner, attributes = ask.geometry(number), ask.corner(number), ask.attributes(number)
    outline = ask.geometry(frame)
    if display.get_atom("_NET_WM_STATE_HIDDEN") in (value(state) or ()):
        return None
    title = _shortened(text(display, name) or text(display, old_name))
    group, of_pid, of_owner = value(hints), value(pid), value(owner)
    kinds = value(kind) or ()
    wm_class = tuple(name for name in text(display, of_kind).split("\0") if name)
    for answer in (shape, corner, attributes, outline):
        answer.reply()
    if attributes.map_state != VIEWABLE:  # on another workspace, for one
        return None
    return WindowInfo(
        number,
        title,
        Area(corner.x, corner.y, shape.width, shape.height),
        int(of_pid[0]) if of_pid else None,
        frame,
        Area(outline.x, outline.y, outline.width, outline.height),
        client_of(display, number),
        bool(attributes.override_redirect),
        int(of_owner[0]) if of_owner and of_owner[0] else None,
        int(group[LEADER]) if group and len(group) > LEADER and group[0] & GROUP_HINT else None,
        display.get_atom(KIND.format("TOOLTIP")) in kinds,
        any(display.get_atom(KIND.format(name)) in kinds for name in ("DOCK", "NOTIFICATION")),
        wm_class,
    )


def _shortened(title: str) -> str:
    if len(title) <= LONGEST_TITLE:
        return title
    half = LONGEST_TITLE // 2
    return f"{title[:half]} … {title[-half:]}"


def _frame(display: Any, number: int) -> int:
    """The number of the top-level window that a window is framed by, or its own."""
    root = display.screen().root.id
    while True:
        answer = Batch(display).tree(number)
        answer.reply()
        parent = answer.parent
        if not parent or parent.id == root:
            return number
        number = parent.id
