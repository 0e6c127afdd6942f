"""What generated images are made of: fetches packages and makes archives of drawings, icons and words."""
