"""Jobs on a HyperPod cluster orchestrated by EKS: Kubernetes objects and status."""
