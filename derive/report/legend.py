"""What the verdicts and the signs of a report mean: said once, for every format."""

from __future__ import annotations

VERDICTS = (
    ("proved", "good", "the reason gives the step, and both sides are defined and equal for every model in the stated "
     "scope"),
    ("refuted", "bad", "here is a model at which both sides are defined and differ"),
    ("needs-condition", "fair", "equal wherever both sides are defined, which the assumptions do not ensure"),
    ("unjustified", "fair", "the reason does not give the step; whether its sides are equal for every model, or were "
     "only so on the models tried, its scope says"),
    ("estimates", "fair", "one side is random; it is not equal to the other, but its mean is"),
    ("same-mean", "fair", "both sides are random and only their means agree"),
    ("undecided", "fair", "neither proved nor refuted"),
    ("malformed", "bad", "a side has no meaning"),
    ("not-claimed", "fair", "the line says ≈ or ←, and nothing follows across it"),
    ("proportional", "fair", "the line says ∝, and one side is a constant times the other, the same in every model"),
)
"""Each verdict on a step, its colour, and what it means."""
SIGNS = "The sign ≟ stands before a step that is not proved; ≈, ← and ∝ are its author's, and claim no equality."
