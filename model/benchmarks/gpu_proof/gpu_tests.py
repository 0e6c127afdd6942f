"""The tests that need a GPU: `pytest -m gpu`, only the files that have some."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.benchmarks.gpu_proof.rows import Row, part_parser

TESTS = Path(__file__).parents[3] / "tests"


class Tally:
    """Counts what became of tests; a plugin of pytest."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts a test once: where it ran, or where it was skipped or failed before."""
        self.passed += report.passed and report.when == "call"
        self.failed += report.failed
        self.skipped += report.skipped


def gpu_test_files(folder: Path = TESTS) -> list[Path]:
    """Files with tests that are marked ``gpu``."""
    return [path for path in sorted(folder.rglob("test_*.py")) if "mark.gpu" in path.read_text("utf-8")]


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    files, tally = gpu_test_files(), Tally()
    words = ["-m", "gpu", "-q", "-p", "no:cacheprovider", *map(str, files)]
    status = pytest.main(words, plugins=[tally])
    found = f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped"
    ran = status == 0 and not tally.failed
    on_gpu = args.device.type == "cuda"
    whole = tally.passed and not tally.skipped if on_gpu else tally.skipped
    Row("pytest -m gpu", found, "none skipped" if on_gpu else "no GPU here", bool(ran and whole)).print()


if __name__ == "__main__":
    main()
