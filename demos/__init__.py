"""Notebooks that teach a method by its own code, and what they are made of."""
