"""From a decoded frame to the pixels a detector sees; imported by examiner children, so neither torch nor Beam."""
