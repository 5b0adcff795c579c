"""What happens to one item: pure functions, each with a thin PTransform around it."""
