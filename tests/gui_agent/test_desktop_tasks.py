"""Programs that nobody here wrote, worked with a model that is told where everything is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gui_agent import Desktop
from tests.gui_agent.desktop_tasks import TASKS, Task, is_done_soon, opened
from tests.gui_agent.programs import APT_PACKAGE_OF, LAUNCHER

pytestmark = [pytest.mark.display, pytest.mark.slow]


@pytest.mark.usefixtures("display")
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_program_says_that_the_task_is_done(task: Task, tmp_path: Path) -> None:
    needed = "chromium" if task.program.startswith("<") else task.program
    if shutil.which(needed) is None:
        pytest.skip(f"needs {needed}: apt install {APT_PACKAGE_OF[needed]}")
    if needed != "chromium" and not (LAUNCHER.exists() and shutil.which("dbus-daemon")):
        pytest.skip("needs accessibility: apt install at-spi2-core gir1.2-atspi-2.0 python3-gi dbus-x11")
    with opened(task, tmp_path) as (program, truthful_model):
        task.act(Desktop(truthful_model, sources=("model",), verify_seconds=0.5), tmp_path)
        assert is_done_soon(task, program, tmp_path), getattr(program, "received", None)
