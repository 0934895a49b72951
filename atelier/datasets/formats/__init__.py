"""The formats of datasets: a module each, which registers its definition."""
