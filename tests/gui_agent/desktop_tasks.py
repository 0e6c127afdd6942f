"""Tasks on programs that nobody here wrote, each judged by the program's own state.

With a model that is told where everything is each must succeed, which tests the actions
(`test_desktop_tasks.py`). How many a real model does, on a display of its own:

    python -m tests.gui_agent.desktop_tasks [--model M] [--refine] [--sources A,B]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gui_agent import Desktop, DesktopError
from gui_agent.input.x11.virtual_display import virtual_display
from tests.gui_agent.programs import START_SECONDS, Box, GtkPrograms, TruthfulModel, chromium, gtk_session

FORM = """<!DOCTYPE html><meta charset="utf-8"><title>Order</title>
<body style="font: 24px sans-serif; margin: 40px">
<form action="/sent">
<p><label>Name <input name="name" style="font: inherit"></label></p>
<p><label>City <input name="city" style="font: inherit"></label></p>
<p><label><input type="checkbox" name="gift" value="yes"> Gift wrap</label></p>
<p><button style="font: inherit; padding: 8px 24px">Submit</button></p>
</form></body>"""
LONG = f"""<!DOCTYPE html><meta charset="utf-8"><title>Long</title>
<body style="font: 24px sans-serif; margin: 40px">{"".join(f"<p>Paragraph {n}</p>" for n in range(60))}
<p><a href="/advanced" style="font-size: 40px">Advanced settings</a></p></body>"""


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: What is done.
        program: A GTK program, or the HTML of a page.
        places: What each query names, the first of them from the start: a selection of `GtkPrograms`, or a
            CSS selector.
        act: Does it on a desktop, in words; is also given the folder of the session.
        is_done: Whether the program says that it is done; also given the folder.
        files: What is in the folder of the session, by path; where there is any, the program opens it.
    """

    name: str
    program: str
    places: Mapping[str, Any]
    act: Callable[[Desktop, Path], object]
    is_done: Callable[[Any, Path], bool]
    files: Mapping[str, str] = field(default_factory=dict)


def clicks(*queries: str) -> Callable[[Desktop, Path], None]:
    def act(desktop: Desktop, _: Path) -> None:
        for query in queries:
            desktop.locator(query).click()

    return act


def key(name: str) -> dict[str, str]:
    return {"app": "galculator", "role": "toggle button", "name": name}


def shows(**wanted: str) -> Callable[[GtkPrograms, Path], bool]:
    return lambda programs, _: bool(programs.select(**wanted))


def has_state(state: str, **wanted: str) -> Callable[[GtkPrograms, Path], bool]:
    return lambda programs, _: any(state in one["states"] for one in programs.select(**wanted))


NOTE = "Ünal < 3\nsecond line, 日本"


def save_a_note(desktop: Desktop, home: Path) -> None:
    desktop.locator("the text area").fill(NOTE)
    desktop.press("ctrl+s")
    desktop.expect("the Save button of the dialog").to_be_visible()
    desktop.type(str(home / "note.txt"))
    desktop.locator("the Save button of the dialog").click()


LETTERS = {
    "letter.txt": "",
    "Post/old.txt": "",
    # Its icons tell of themselves only if the first question comes after they are there.
    ".config/pcmanfm/default/pcmanfm.conf": "[ui]\nview_mode=list\n",
}


def in_list(name: str) -> dict[str, str]:
    return {"app": "pcmanfm", "role": "table cell", "name": name}


def rename_a_file(desktop: Desktop, _: Path) -> None:
    desktop.locator("the letter.txt file").click()
    desktop.press("f2")
    desktop.locator("the name field").fill("Brief.txt")
    desktop.locator("the OK button").click()


def file_a_letter(desktop: Desktop, _: Path) -> None:
    desktop.locator("the letter.txt file").drag_to(desktop.locator("the Post folder"))


def fill_the_form(desktop: Desktop, _: Path) -> None:
    desktop.locator("the Name field").fill("Zoë")
    desktop.locator("the City field").fill("Łódź")
    desktop.locator("the Gift wrap checkbox").click()
    desktop.locator("the Submit button").click()


def follow_a_far_link(desktop: Desktop, _: Path) -> None:
    desktop.locator("the first paragraph").hover()
    desktop.scroll_until("the Advanced settings link", down=10)
    desktop.locator("the Advanced settings link").click()


TASKS = [
    Task(
        "galculator: 7 × 8 = 56",
        "galculator",
        {f"the {name} button": key(name) for name in "7*8="},
        clicks("the 7 button", "the * button", "the 8 button", "the = button"),
        shows(app="galculator", role="text", text="56"),
    ),
    Task(
        "galculator: 93, all clear, 5",
        "galculator",
        {f"the {name} button": key(name) for name in ("9", "3", "AC", "5")},
        clicks("the 9 button", "the 3 button", "the AC button", "the 5 button"),
        shows(app="galculator", role="text", text="5"),
    ),
    Task(
        "mousepad: type a note and save it",
        "mousepad",
        {
            "the text area": {"app": "mousepad", "role": "text", "name": ""},
            "the Save button of the dialog": {"app": "mousepad", "role": "push button", "name": "Save"},
        },
        save_a_note,
        lambda _, home: (home / "note.txt").exists() and (home / "note.txt").read_text().rstrip() == NOTE,
    ),
    Task(
        "mousepad: Help, About",
        "mousepad",
        {
            "the Help menu": {"app": "mousepad", "role": "menu", "name": "Help"},
            "the About item of the menu": {"app": "mousepad", "role": "menu item", "name": "About"},
        },
        clicks("the Help menu", "the About item of the menu"),
        shows(app="mousepad", role="dialog", name="About Mousepad"),
    ),
    Task(
        "pcmanfm: rename a file",
        "pcmanfm",
        {
            "the letter.txt file": in_list("letter.txt"),
            "the name field": {"app": "pcmanfm", "role": "text", "text": "letter.txt"},
            "the OK button": {"app": "pcmanfm", "role": "push button", "name": "OK"},
        },
        rename_a_file,
        lambda _, home: (home / "Brief.txt").exists() and not (home / "letter.txt").exists(),
        files=LETTERS,
    ),
    Task(
        "pcmanfm: drag a file into a folder",
        "pcmanfm",
        {
            "the letter.txt file": in_list("letter.txt"),
            "the Post folder": in_list("Post"),
        },
        file_a_letter,
        lambda _, home: (home / "Post" / "letter.txt").exists() and not (home / "letter.txt").exists(),
        files=LETTERS,
    ),
    Task(
        "gtk3-widget-factory: the second page",
        "gtk3-widget-factory",
        {"the Page 2 button": {"app": "gtk3-widget-factory", "role": "radio button", "name": "Page 2"}},
        clicks("the Page 2 button"),
        has_state("CHECKED", app="gtk3-widget-factory", role="radio button", name="Page 2"),
    ),
    Task(
        "Chromium: fill a form and submit it",
        FORM,
        {
            "the Name field": "[name=name]",
            "the City field": "[name=city]",
            "the Gift wrap checkbox": "[name=gift]",
            "the Submit button": "button",
        },
        fill_the_form,
        lambda page, _: page.received.get("/sent") == {"name": ["Zoë"], "city": ["Łódź"], "gift": ["yes"]},
    ),
    Task(
        "Chromium: scroll to a link and follow it",
        LONG,
        {"the first paragraph": "p:first-of-type", "the Advanced settings link": "a"},
        follow_a_far_link,
        lambda page, _: "/advanced" in page.received,
    ),
]


@contextmanager
def opened(task: Task, home: Path, *, tells: bool = False) -> Iterator[tuple[Any, TruthfulModel]]:
    """The program of a task, on the display of this process, and an eye that knows where everything is.

    Args:
        task: The task.
        home: An empty folder.
        tells: Whether Chromium tells accessibility tools of its widgets, too, as GTK programs do.
    """
    if task.program.startswith("<"):
        with ExitStack() as stack:
            session = stack.enter_context(gtk_session(home)) if tells else None
            environment = None if session is None else session.environment
            page = stack.enter_context(chromium(task.program, environment))
            # It is also asked for "the check box" around a label, of which it is told nothing.
            known = task.places
            yield page, TruthfulModel(lambda query: page.boxes(known[query]) if query in known else [])
        return
    for path, content in task.files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(content)
    words = [str(home)] if task.files else []
    with gtk_session(home) as programs, programs.running(task.program, *words):

        def boxes(query: str) -> list[Box]:
            wanted = task.places.get(query)
            return [] if wanted is None else [tuple(one["box"]) for one in programs.select(**wanted)]

        first = next(iter(task.places))
        wait_until(lambda: bool(boxes(first)), START_SECONDS)
        yield programs, TruthfulModel(boxes)


def is_done_soon(task: Task, program: Any, home: Path, seconds: float = 5.0) -> bool:
    """Whether the program says within some seconds that the task is done."""
    return wait_until(lambda: task.is_done(program, home), seconds)


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="How many tasks a model does.")
    parser.add_argument("--model", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument("--refine", action="store_true")
    parser.add_argument("--sources", help="such as text,model; all that are there by default")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds for each act, which may read")
    arguments = parser.parse_args()
    import molmo_act

    model = molmo_act.load(arguments.model)
    sources = None if arguments.sources is None else arguments.sources.split(",")

    def desktop() -> Desktop:
        return Desktop(model, refine=arguments.refine, sources=sources, timeout=arguments.timeout)

    done = 0
    with virtual_display(1280, 800):
        for task in TASKS:
            with (
                tempfile.TemporaryDirectory() as folder,
                opened(task, Path(folder), tells=True) as (program, _),
            ):
                try:
                    task.act(desktop(), Path(folder))
                    outcome = "done" if is_done_soon(task, program, Path(folder)) else "not done"
                except DesktopError as error:
                    outcome = f"{type(error).__name__}: {error}"
            done += outcome == "done"
            print(f"{task.name}: {outcome}", flush=True)
    print(f"{done} of {len(TASKS)} tasks done")


if __name__ == "__main__":
    main()
