"""How official programs read answers and score them, convention by convention."""
