"""Constructs, one per file. Only this package uses L1 resources and policy statements."""
