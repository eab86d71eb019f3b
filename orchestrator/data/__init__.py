"""Data sets, from a name to decoded images: finding the files, reading them, and caching the result."""
