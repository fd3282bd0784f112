"""The value of a term on one model, over any ring: finite and infinite horizons, generic and concrete models."""
