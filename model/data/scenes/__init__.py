"""Images composed of named objects and shapes."""
