"""A light client of the Kubernetes API of an EKS cluster: urllib3, and a token that STS has signed."""
