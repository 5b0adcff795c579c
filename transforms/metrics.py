"""Beam metrics through two helpers, one namespace a transform."""

from apache_beam.metrics import Metrics


def count(namespace: str, name: str, amount: int = 1) -> None:
    """Adds to a counter."""
    Metrics.counter(namespace, name).inc(amount)


def record_ms(namespace: str, name: str, seconds: float) -> None:
    """Adds a duration to a distribution, in milliseconds."""
    Metrics.distribution(namespace, name).update(round(seconds * 1000))
