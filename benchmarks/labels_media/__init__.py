"""Media of the label benchmark: fonts, photographs, phrases, and labels rendered over photographs and clips."""
