"""Jobs on a HyperPod cluster orchestrated by Slurm: bundles for its agent, and status from it."""
