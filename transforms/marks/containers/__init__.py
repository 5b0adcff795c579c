"""Container walkers: where a file of each format keeps its metadata, and nothing about what it means."""
