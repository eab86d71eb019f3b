"""Shared foundations of the orchestrator: errors, settings, provenance, redaction, number formats."""
