"""The agent of a HyperPod cluster on Slurm: it takes jobs from the pipeline and tells how they stand.

Runs on the controller with Python 3.9 or newer and boto3, and imports nothing of the rest of Atelier. What
it and the pipeline tell each other: docs/adr/0079.
"""
