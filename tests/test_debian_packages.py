"""`.ci/debian_packages` installs what is missing as root, else names it; the system's tools are planted."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / ".ci" / "debian_packages"


def run(folder: Path, *, user: int, installed: str) -> subprocess.CompletedProcess[str]:
    """Runs the script where only the packages matching a shell pattern are installed."""
    planted = {
        "dpkg-query": f'case "${{@: -1}}" in {installed}) echo -n installed;; *) exit 1;; esac',
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >> {folder}/apt',
    }
    for name, body in planted.items():
        (folder / name).write_text(f"#!/bin/bash\n{body}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(["/bin/bash", SCRIPT], env={"PATH": str(folder)}, capture_output=True, text=True)


def test_root_installs_what_is_missing_and_no_more(tmp_path):
    assert run(tmp_path, user=0, installed="[adgmx]*|font*|python3*").returncode == 0
    update, install = (tmp_path / "apt").read_text().splitlines()
    assert update.startswith("update")
    packages = [word for word in install.split()[1:] if not word.startswith("-")]
    assert {"openbox", "chromium"} <= set(packages)
    assert not [package for package in packages if re.match("[adgmx]|font|python3", package)]


def test_others_are_told_what_to_install(tmp_path):
    told = run(tmp_path, user=1000, installed="chromium")
    assert told.returncode == 0
    assert not (tmp_path / "apt").exists()
    assert "sudo apt-get install" in told.stderr
    assert "xvfb openbox xdotool" in told.stderr
    assert "chromium" not in told.stderr


def test_nothing_is_said_or_done_when_nothing_is_missing(tmp_path):
    told = run(tmp_path, user=0, installed="*")
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    assert not (tmp_path / "apt").exists()
