"""The sample archive, and the factories behind it."""
