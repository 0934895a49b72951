"""What runs pods: every node of every group is this machine, and a container is a process on it."""
