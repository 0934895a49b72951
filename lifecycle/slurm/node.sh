#!/bin/bash
# Refuse a node that cannot see the others' files: each job that Slurm gave it would fail.
set -euo pipefail

# Where the node's files are; elsewhere than / only in tests.
readonly ROOT=${NODE_ROOT:-}

for folder in /fsx /home; do
  if ! mountpoint --quiet "$ROOT$folder"; then
    echo "$folder is not mounted: the cluster's file systems, or their security group, are not as its stack made them"
    exit 1
  fi
done
echo "/fsx and /home are mounted"
