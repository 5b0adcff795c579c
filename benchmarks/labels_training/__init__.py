"""Trains the networks that find and read text in frames, from PaddleOCR's, on rendered text (docs/labels.md)."""
