"""Screenshots, and what a model finds on them."""
