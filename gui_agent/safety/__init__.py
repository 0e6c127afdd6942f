"""Rules of what may be done, and what images may show."""
