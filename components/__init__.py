"""Constructs, one idea a file. Only here live L1 resources and policy statements; permission is given through `grant_*`."""
