"""Looking after a store: `aiqyn store check`, `vacuum`, `stats` and `export`."""
