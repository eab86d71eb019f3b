"""MEANING: read a store, and say in one HTML page what its numbers show."""
