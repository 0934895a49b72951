"""The Kubernetes API of the embedded cloud's EKS clusters: objects, controllers, and pods as processes."""
