"""Everything that parses bytes we do not trust: it runs in child processes only."""
