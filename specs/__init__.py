"""WHAT is trained: experiment specs, their identity and the columns of the results.

This package imports only the standard library, pydantic and PyYAML, so that it loads in a fraction of a second. The
exception is ``specs.format.tables``, which imports PyArrow.
"""
