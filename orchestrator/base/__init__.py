"""What every package of the orchestrator may use: errors, settings, provenance, redaction."""
