"""The commands, by what they are about. Each imports torch, Ray, PyArrow and pandas only when it runs."""
