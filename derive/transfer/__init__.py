"""Automata of the kernel read with numbers: floats of one MDP, or residues at random points of a large shape."""
