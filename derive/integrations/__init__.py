"""Thin places where other programs call derive: pytest, notebooks, editors."""
