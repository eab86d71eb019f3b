"""Verified data frames of a store, and look-ups in them by cell of the plan."""
