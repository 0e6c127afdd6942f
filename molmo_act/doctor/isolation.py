"""Runs each check in a process of its own: a library that crashes or hangs ends its check and nothing else.

`python -m molmo_act.doctor.isolation NAME` runs one check here and prints its finding as JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from importlib import metadata

from molmo_act.doctor.checks import CHECKS, Check
from molmo_act.doctor.finding import AbsentError, Finding

TIME_LIMIT = 60.0
"""Seconds for one check; the slowest import takes some twenty on a small board."""


def run_isolated(name: str, time_limit: float = TIME_LIMIT) -> Finding:
    """Runs a check in a process of its own.

    Args:
        name: One of `CHECKS`.
        time_limit: Seconds after which the process is killed.

    Returns:
        What it found; "broken" where the process crashed or hung.
    """
    check, began = CHECKS[name], time.monotonic()
    command = [sys.executable, "-m", "molmo_act.doctor.isolation", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        return _broken(check, f"did not answer within {time_limit:g} s", time.monotonic() - began)
    try:
        return Finding(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return _broken(check, f"crashed: {last}", time.monotonic() - began)


def run_here(check: Check) -> Finding:
    """Runs a check in this process.

    Args:
        check: The check.

    Returns:
        What it found.
    """
    began = time.monotonic()

    def found(status: str, detail: str, fix: str | None = None) -> Finding:
        seconds = round(time.monotonic() - began, 3)
        return Finding(check.name, check.group, status, _version(check), detail, seconds, fix)  # type: ignore[arg-type]

    try:
        return found("ok", check.run())
    except AbsentError as error:
        return found("absent", str(error))
    except ModuleNotFoundError as error:
        return found("missing", f"{error.name or error} is not installed", check.fix())
    except Exception as error:  # libraries that do not fit the machine fail in every way
        first = (str(error).strip().splitlines() or [""])[0]
        return found("broken", f"{type(error).__name__}: {first}".strip(": "), _repair(check))


def _broken(check: Check, detail: str, seconds: float) -> Finding:
    return Finding(
        check.name, check.group, "broken", _version(check), detail, round(seconds, 3), _repair(check)
    )


def _repair(check: Check) -> str | None:
    return f"pip install --force-reinstall {check.package}" if check.package else check.install


def _version(check: Check) -> str | None:
    if not check.package:
        return None
    for name in (check.package, re.sub("-headless$", "", check.package)):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


if __name__ == "__main__":
    print(json.dumps(run_here(CHECKS[sys.argv[1]]).to_dict()))
