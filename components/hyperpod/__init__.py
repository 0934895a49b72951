"""Constructs that HyperPod clusters on EKS and on Slurm share."""
