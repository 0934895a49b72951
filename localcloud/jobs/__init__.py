"""The processes of the embedded cloud: a training job's `container`, and `serve` for a deployed model."""
