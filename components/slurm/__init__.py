"""What a HyperPod cluster has that Slurm runs; what every cluster has is in components/cluster."""
