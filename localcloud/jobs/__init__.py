"""What a training job's container runs: `python -m localcloud.jobs.container`, and `…serve` for a deployed model."""
