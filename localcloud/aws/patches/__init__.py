"""Repairs of MiniStack where it departs from AWS in a way that Atelier would notice; one module each."""
