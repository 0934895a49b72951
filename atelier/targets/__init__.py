"""From a checkpoint to a model that serves: what is asked of Bedrock, proven, promoted, and taken back."""
