"""`atelier`, the command line: the embedded cloud and AWS by the same code."""
