"""The models that learn: fresh, loaded, adapted, and their parameter groups."""
