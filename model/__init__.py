"""How checkpoints are made: data, training, evaluation and benchmarks; run from the repository."""

import sys

if sys.argv[:1] == ["-m"]:  # of `python -m model.…` while it looks for the command; never of a library's user
    from model._missing import report_missing

    report_missing()
