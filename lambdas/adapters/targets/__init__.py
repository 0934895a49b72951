"""Adapters of deployment targets; a module is found by its target's name."""
