"""What a HyperPod cluster on EKS is made of, in the order in which it comes up."""
