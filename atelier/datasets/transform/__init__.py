"""Datasets made of datasets: converted, split, without duplicates, described."""
