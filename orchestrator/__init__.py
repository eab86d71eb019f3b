"""WHERE and WHEN: plan a sweep, run its trials, keep the store. Importing this package imports nothing else."""
