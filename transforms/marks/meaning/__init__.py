"""What the single properties of a file mean: declarations, labels, traces of generators, and what a camera wrote."""
