"""Factories of sample media: the same bytes on every run with the same library versions."""
