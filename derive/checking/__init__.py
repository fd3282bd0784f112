"""A chain becomes judgements: ``examine`` puts every step to the kernel, to shapes, and to its reason."""
