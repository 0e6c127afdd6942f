"""Images and videos as files: reading, writing, and frames with their timestamps."""
