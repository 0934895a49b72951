"""Constructs, one idea a file. L1 resources and policy statements live only here."""
