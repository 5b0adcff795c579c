"""Training and measuring detectors: `aiqyn detector train` and `aiqyn detector evaluate`."""
