"""Detectors: packages, networks, preprocessing and scoring."""
