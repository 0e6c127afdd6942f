"""The commands of the desktop on the command line."""
