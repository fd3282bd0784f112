"""Many files at once: checked, mended, watched, and what is printed of them."""
