"""The command ``molmo-act`` and its subcommands."""
