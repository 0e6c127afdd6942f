"""Says what works on this machine, by running it, and what to install where something does not."""
