"""Slurm itself, for the embedded SageMaker's HyperPod clusters that it orchestrates."""
