"""The processes of the embedded cloud: a training job's `container`, a rank in a `pod` or of `llmft` on Slurm's
nodes, and `serve` for a deployed model."""
