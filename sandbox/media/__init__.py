"""Real media files: rendered videos, sample inputs, and the address they are downloaded from."""
