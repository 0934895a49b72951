"""Run files: reading, checking and planning."""
