"""From an equation to the smallest model found on which its sides differ."""
