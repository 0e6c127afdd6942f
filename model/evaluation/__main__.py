"""python -m model.evaluation: runs benchmarks by official protocols, reports runs, lists benchmarks."""

from __future__ import annotations

import sys

from model._cli import command, make_parser
from model._missing import report_missing


@command
def main(arguments: list[str] | None = None) -> None:
    """Command line.

    Args:
        arguments: The words of the command line; those of this process by default.
    """
    from model.evaluation import report_command, run_command
    from model.evaluation.registry import BENCHMARKS

    parser = make_parser(__doc__, prog="python -m model.evaluation")
    commands = parser.add_subparsers(dest="command", required=True)
    run_parser = commands.add_parser("run", help="measure a model", description=run_command.__doc__)
    run_command.add_arguments(run_parser)
    report_parser = commands.add_parser(
        "report", help="compare runs with one another and with papers", description=report_command.__doc__
    )
    report_command.add_arguments(report_parser)
    commands.add_parser("list", help="list the benchmarks and how to get their data")
    args = parser.parse_args(arguments)
    if args.command == "run":
        run_command.run(args)
    elif args.command == "report":
        report_command.run(args)
    else:
        for benchmark in BENCHMARKS.values():
            print(f"{benchmark.name}: {benchmark.title}\n  {benchmark.protocol}")
            for line in benchmark.download:
                print("  " + line.format(home=f"DIR/{benchmark.folder}"))


if __name__ == "__main__":
    report_missing()
    sys.exit(main())
