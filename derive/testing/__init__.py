"""Random models, terms and mutants: what is checked once more, and strategies for anybody's tests."""
