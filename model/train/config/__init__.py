"""Run configurations: what decides a run, presets, and overrides on the command line."""
