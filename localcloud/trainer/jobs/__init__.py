"""The processes of the embedded cloud: `container` for a training job, `pod` and `llmft` for a rank on a
cluster, `serve` for a deployed model."""
