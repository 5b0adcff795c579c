"""`aiqyn review`: a page on this machine alone, on which people decide what a store's verdicts leave open."""
