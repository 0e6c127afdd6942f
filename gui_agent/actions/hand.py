"""The hand of one action: every press, release, wheel step and stroke is checked just before it happens.

A check and what it allows are one block in which no other program can move the pointer, a window or the focus
(`InputBackend.exclusive`), so nothing lands elsewhere than where it was aimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from gui_agent.actions.place_check import Disturbed, PlaceCheck, require_free
from gui_agent.context import Aim, DesktopContext
from gui_agent.errors import ActionBlockedError, DesktopError, TimeoutError, TypingError
from gui_agent.input.x11.windows import WindowInfo

DOUBLE_CLICK_SECONDS = 0.55  # after which no toolkit takes two clicks for a double one
NEARBY = 8  # input points within which it would
DRAG_SECONDS = 0.25  # toolkits take a pointer that jumps for a click
DRAG_STEPS = 25
STEP_SECONDS = DRAG_SECONDS / DRAG_STEPS
ACTIVATE_SECONDS = 2.0  # in which a window manager gives a window the keyboard
POLL_SECONDS = 0.01
LONGEST_REST = 0.1  # after which it is looked whether somebody stops the action
DROP_SECONDS = 0.15  # what is dropped before the application below has said that it takes it goes back


class Hand:
    """Mouse and keyboard in one action.

    Args:
        context: The desktop.
        aims: The places to act on; empty where the action has no target.
        subject: The window that the action itself is about, where it is about one.

    Attributes:
        done: What was done so far, in words; empty where nothing was.
        keyboard: The window that keys are for; None where that is not known yet, or cannot be asked.
    """

    def __init__(
        self, context: DesktopContext, aims: Sequence[Aim] = (), subject: WindowInfo | None = None
    ) -> None:
        self._context, self._backend = context, context.backend
        self._aims, self._subject = aims, subject
        self._check, self._named = PlaceCheck(context), context.guard.named
        self._is_checked = False  # whether `keyboard` was looked up
        self.done: list[str] = []
        self.keyboard: WindowInfo | None = None

    def expect_keyboard(self, window: WindowInfo | None) -> None:
        """Says which window keys are for where the action has no target.

        Args:
            window: The one that had the keyboard before anybody was asked or waited; None for none.
        """
        self.keyboard, self._is_checked = window, True

    # --- pointer ------------------------------------------------------------------------------------------

    def click(self, button: str = "left", count: int = 1, modifiers: Sequence[str] = ()) -> None:
        """Clicks the first place.

        Args:
            button: "left", "middle" or "right".
            count: How many times in quick succession.
            modifiers: Keys held meanwhile.

        Raises:
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it.
        """
        for number in range(count):
            self._get_free(self._aims[0].point if number == 0 else None)
            check = partial(self._check.require_aimed, self._aims[0])
            with self._check.require_received(self._aims[0]):
                with self._exclusive(check), self._backend.holding(*modifiers):
                    self._backend.button_down(button, self._aims[0].point)
                    self.done[:] = [f"{number + 1} of {count} clicks" if count > 1 else "the click"]
                    self._backend.button_up(button)
                self._check.require_passed_on(self._aims[0])
        self._context.pointer.click_time = self._context.clock.now()
        self._backend.wait_until_clicked()

    def drag(self, button: str = "left", steps: int = DRAG_STEPS) -> None:
        """Drags from the first place to the second; where that cannot be ended well, back to the first.

        Args:
            button: "left", "middle" or "right".
            steps: Moves of the pointer on the way.

        Raises:
            ActionBlockedError: A rule, the fail-safe, or what has come to one of the places is against it.
        """
        start, end = self._aims
        self._get_free(start.point)
        try:
            with self._check.require_received(start):
                with self._exclusive(partial(self._check.require_aimed, start)):
                    self._backend.button_down(button, start.point)
                    self.done[:] = [f"the press at {start.point}"]
                self._context.clock.sleep(STEP_SECONDS)
                self._wait_until_dragging(start.point, end.point)
            self._move_slowly(start.point, end.point, steps)
            self._context.clock.sleep(DROP_SECONDS)
            with self._exclusive(partial(self._check.require_aimed, end, start)):
                self._backend.button_up(button, end.point)
        except BaseException:
            if self.done:
                self._take_back(start, button)
            raise
        self.done[:] = ["the drag"]

    def hold_button(self, button: str) -> None:
        """Presses a button at the place that was acted on last; it stays down after the action.

        Args:
            button: "left", "middle" or "right".

        Raises:
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it.
        """
        pointer = self._context.pointer
        assert pointer.aim is not None
        self._get_free(pointer.aim.point)
        with self._check.require_received(pointer.aim):
            with self._exclusive(partial(self._check.require_aimed, pointer.aim)):
                pointer.held.press(button, pointer.aim.point)
                pointer.pressed = pointer.aim
                self.done[:] = [f"the press at {pointer.aim.point}"]
            self._context.clock.sleep(STEP_SECONDS)
            x, y = pointer.aim.point
            self._wait_until_dragging((x, y), (x - 1 if x else 1, y))
            self._backend.move(x, y)

    def release_button(self) -> None:
        """Releases the held button at the place that was acted on last, or where it was pressed.

        Raises:
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it; the button
                was released where it had been pressed.
        """
        pointer = self._context.pointer
        assert pointer.aim is not None
        if pointer.aim != pointer.pressed:
            self._context.clock.sleep(DROP_SECONDS)
        with self._exclusive(partial(self._check.require_aimed, pointer.aim, pointer.pressed)):
            pointer.held.release(pointer.aim.point)
            self.done[:] = [f"the release at {pointer.aim.point}"]
        pointer.click_time = self._context.clock.now()
        self._backend.wait_until_clicked()

    def wheel(self, down: int, right: int = 0) -> None:
        """Turns the wheel over the first place, or where the pointer is.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.

        Raises:
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it.
        """
        self._get_free()
        turns = ["down" if down > 0 else "up"] * abs(down) + ["right" if right > 0 else "left"] * abs(right)
        check = self._check.require_pointer
        if self._aims:
            check = partial(self._check.require_aimed, self._aims[0])
        for number, direction in enumerate(turns, start=1):
            with self._exclusive(check):
                self._backend.turn_wheel(direction, self._aims[0].point if self._aims else None)
                self.done[:] = [f"{number} of {len(turns)} notches of the wheel"]

    # --- windows ------------------------------------------------------------------------------------------

    def activate_window(self) -> None:
        """Asks for the window of the action to be raised, and waits until it has the keyboard.

        Raises:
            ActionBlockedError: A rule is against it, or it has gone.
            TimeoutError: It does not get the keyboard.
        """
        window = self._with_subject(self._backend.activate_window, "the request to come to the front")
        clock = self._context.clock
        until = clock.now() + ACTIVATE_SECONDS
        while (now := self._backend.focused(window)) is None or now.id != window.id:
            self._require_not_stopped()
            if clock.now() > until:
                other = "no window" if now is None else self._named(now)
                raise TimeoutError(
                    f"{self._named(window)} was asked to come to the front, but {other} has the keyboard."
                )
            clock.sleep(POLL_SECONDS)

    def close_window(self) -> None:
        """Asks for the window of the action to be closed; its program may ask back first.

        Raises:
            ActionBlockedError: A rule is against it, or it has gone.
        """
        self._with_subject(self._backend.close_window, "the request to close")

    def _with_subject(self, ask: Callable[[WindowInfo], None], name: str) -> WindowInfo:
        assert self._subject is not None
        with self._exclusive(self._require_subject):
            ask(self._subject)
            self.done[:] = [name]
        return self._subject

    def _require_subject(self) -> None:
        assert self._subject is not None
        number = self._subject.id
        now = next((window for window in self._backend.windows() if window.id == number), None)
        if now is None:
            raise Disturbed(f"{self._named(self._subject)} has gone.")
        self._backend.pointed()  # which the fail-safe corner refuses
        self._context.guard.require_whole(now)

    # --- keyboard -----------------------------------------------------------------------------------------

    def focus(self) -> None:
        """Clicks the first place, and makes sure that its window has the keyboard then.

        Raises:
            ActionBlockedError: See `click`; or another window has the keyboard.
        """
        self.click()
        [aim] = self._aims
        with self._exclusive(lambda: None):
            self._look_at_keyboard(aim.window)
            self._context.guard.require_window(self.keyboard)
            if aim.window is not None and self.keyboard is not None:
                self._require_same_window(aim.window, self.keyboard)

    def press(self, keys: Sequence[str]) -> None:
        """Presses keys together in the window that keys are for.

        Args:
            keys: Their names.

        Raises:
            ActionBlockedError: A rule or the fail-safe is against it, or another window has the keyboard.
        """
        self._get_free()
        with self._exclusive(self._require_keyboard):
            self._backend.press(*keys)
            self.done.append(f"the keys {'+'.join(keys)}")

    def type(self, text: str, *, secret: bool = False, delay: float = 0.0) -> None:
        """Types a text into the window that keys are for.

        Args:
            text: Not empty.
            secret: Whether no other program may read it on its way.
            delay: Seconds between two characters.

        Raises:
            TypingError: Another window has taken the keyboard, or a pasted piece was not taken.
            ActionBlockedError: A rule or the fail-safe is against it.
        """
        before = list(self.done)
        pieces = [text] if delay <= 0 else list(text.replace("\r\n", "\n"))
        earlier = 0
        self._get_free()

        def check(delivered: int) -> None:
            if earlier + delivered:
                self.done[:] = [*before, f"{earlier + delivered} of {len(text)} characters"]
            self._require_not_stopped()
            self._require_keyboard()
            if secret:  # what is really typed into is what is hidden
                self._context.secrets.note(self.keyboard)

        try:
            for piece in pieces:
                if earlier:
                    self._rest(delay)
                self._backend.type(piece, check, secret=secret)
                earlier += len(piece)
        except Disturbed as error:
            raise TypingError(str(error)) from error
        self.done[:] = [*before, "the text"]

    def _rest(self, seconds: float) -> None:
        """Waits between two strokes, unless somebody stops the action."""
        clock = self._context.clock
        until = clock.now() + seconds
        while (left := until - clock.now()) > 0:
            self._require_not_stopped()
            clock.sleep(min(left, LONGEST_REST))

    def _get_free(self, point: tuple[int, int] | None = None) -> None:
        """Waits for what would change the meaning of a press: held keys and buttons, and a click just before.

        Args:
            point: Where a click is to begin, which is not to become a double click with the one before.
        """
        clock = self._context.clock
        if point is not None:
            before = self._context.pointer
            if math.dist(before.click_point, point) <= NEARBY:
                clock.sleep_until(before.click_time + DOUBLE_CLICK_SECONDS)
            before.click_point = point
        self._backend.wait_until_released()

    # --- checks -------------------------------------------------------------------------------------------

    def told(self, error: DesktopError) -> DesktopError:
        """Makes an error say what was done before it.

        Args:
            error: What ended the action.

        Returns:
            An error of the same kind.
        """
        done = f"Before that: {', '.join(self.done)}." if self.done else "Nothing was done."
        kind = ActionBlockedError if type(error) is Disturbed else type(error)
        told = kind(f"{error} {done}", error.candidates)
        told.done = tuple(self.done)
        return told

    @contextmanager
    def _exclusive(self, check: Callable[[], None]) -> Iterator[None]:
        """Checks, and runs the block while the check still holds."""
        with self._backend.exclusive():
            self._require_not_stopped()
            check()
            yield

    def _require_not_stopped(self) -> None:
        self._context.guard.require_not_stopped()

    def _look_at_keyboard(self, likely: WindowInfo | None) -> None:
        self.keyboard = self._backend.focused(likely)
        self._is_checked = True

    def _require_keyboard(self) -> None:
        """Checks that the window that keys are for has the keyboard; without a target it is the one now."""
        require_free(self._backend.pointed(self.keyboard))
        if not self._is_checked:
            self._look_at_keyboard(None)
        now = self._backend.focused(self.keyboard)
        if (now is None) != (self.keyboard is None) or (now and self.keyboard and now.id != self.keyboard.id):
            name = "no window" if now is None else self._named(now)
            was = "no window" if self.keyboard is None else self._named(self.keyboard)
            raise Disturbed(f"Keys were for {was}, but {name} has the keyboard now.")
        guard = self._context.guard
        if self._aims:
            guard.require_window(now)
        else:
            guard.require_keyboard(now)

    def _require_same_window(self, clicked: WindowInfo, focused: WindowInfo) -> None:
        """Checks that keys go to the clicked window, and not to a dialog of it that keeps the keyboard."""
        if focused.id == clicked.id:
            return
        if (clicked.is_popup or clicked.is_panel) and focused.client == clicked.client != 0:
            return  # a click in a menu or a panel leaves the keyboard with its program's window
        raise ActionBlockedError(
            f"Clicked was {self._named(clicked)}, but {self._named(focused)} has the keyboard."
        )

    # --- drag ---------------------------------------------------------------------------------------------

    def _move_slowly(self, start: tuple[int, int], end: tuple[int, int], steps: int) -> None:
        clock = self._context.clock
        began, seconds = clock.now(), max(DRAG_SECONDS, steps * STEP_SECONDS)
        for step in range(1, steps + 1):
            self._require_not_stopped()
            share = step / steps
            self._backend.move(*(round(a + (b - a) * share) for a, b in zip(start, end, strict=True)))
            clock.sleep_until(began + seconds * share)

    def _wait_until_dragging(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Moves the pointer by a point towards the end, and waits until the press has been passed on."""
        first = tuple(a + (b > a) - (b < a) for a, b in zip(start, end, strict=True))
        if first != start:
            self._backend.move(*first)
            self._backend.wait_until_passed_on(start)

    def _take_back(self, start: Aim, button: str) -> None:
        """Ends a drag where it began, which drops nothing anywhere else."""
        try:
            with self._backend.exclusive():
                self._backend.move(*start.point)
                self.done.append("the release where it began")
        except DesktopError:  # the fail-safe holds the pointer; the button must not stay down all the same
            self.done.append("the release")
        finally:
            self._backend.button_up(button)
