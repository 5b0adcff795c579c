"""Benchmarks: every figure of the README and the docs, each by one command."""
