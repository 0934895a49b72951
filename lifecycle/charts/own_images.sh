#!/bin/bash
# Helm's post-renderer: images from outside of Amazon's registries become the copies in IMAGE_REGISTRY, named alike.
# Which ones: lifecycle/images.json.
set -euo pipefail

exec sed --regexp-extended \
  --expression "s#(docker\.io/)?((kubeflow/training-operator|mpioperator/mpi-operator):)#$IMAGE_REGISTRY/\2#" \
  --expression "s#nvcr\.io/(nvidia/k8s-device-plugin:)#$IMAGE_REGISTRY/\1#"
