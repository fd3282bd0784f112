"""Both sides of a theorem as numbers of one model, however many trajectories it has."""
