"""Labels for people: text in pixels and beside the file, and the lexicon that tells a label from other text."""
