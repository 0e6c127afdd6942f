"""Public data sets and folders of your own images."""
