"""Patches of MiniStack where it differs from AWS; one module each."""
