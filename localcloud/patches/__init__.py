"""Repairs of MiniStack where it departs from AWS in a way that Atelier's stacks would notice; one module each."""
