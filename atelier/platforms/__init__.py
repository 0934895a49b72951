"""Training jobs: the exact requests that start them and the checkpoint they leave."""
