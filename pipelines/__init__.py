"""What a person runs: the command line, the scan driver, the store and the queries."""
