"""Jobs on a HyperPod cluster orchestrated by Slurm: what its agent is told, and what it says of a job."""
