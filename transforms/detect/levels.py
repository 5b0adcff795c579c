"""The levels at which a detector's answer for an item stands, in words that do not change; imports nothing."""

NONE = "none"
UNDECIDED = "undecided"
NOT_ASSESSABLE = "not_assessable"
FAILED = "failed"

MEANINGS = {
    "suspected": "Signs of generation, rare on photographs: look at it. No finding.",
    "elevated": "More signs than most photographs show. No finding.",
    UNDECIDED: "The score says neither yes nor no.",
    NONE: "The detector saw nothing; not a statement that a person made it.",
    NOT_ASSESSABLE: "Out of the detector's scope: it gives no number.",
    FAILED: "This detector could not score it.",
}
"""By level, one line for people. The first two are operating points of a detector, with measured false alarms."""
