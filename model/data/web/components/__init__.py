"""Parts of pages as HTML."""
