"""Tempting false versions of the theorems, each with the verdict it must get."""
