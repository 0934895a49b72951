"""Jobs on a HyperPod cluster orchestrated by EKS: their Kubernetes objects, and what these say of a job."""
