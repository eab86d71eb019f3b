"""WHAT is trained: experiment specs, their identity and the columns of the results.

This room imports the standard library, pydantic and PyYAML, so that it loads in a fraction of a second.
"""
