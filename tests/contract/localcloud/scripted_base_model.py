"""The base model of the scripted container: none."""
