"""HyperPod clusters of the embedded SageMaker."""
