"""Constructs of HyperPod clusters with Slurm; those of every cluster are in components/hyperpod."""
