"""The subcommands of ``molmo-act``: each adds its arguments, runs, and gives an exit code."""
