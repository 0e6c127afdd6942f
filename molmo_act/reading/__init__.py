"""Reading text in images, and finding in it what a query names."""
