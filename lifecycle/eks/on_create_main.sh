#!/bin/bash
# Move images and pod data off the root volume, which a few training images fill.
#
# By bind mounts, not in configuration files: the place of containerd's file differs between Amazon Linux 2 and
# 2023, and on 2023 nodeadm writes it anew after this script.
set -euo pipefail

# Where the node's files are; elsewhere than / only in tests.
readonly ROOT=${NODE_ROOT:-}

# The volume that the instance group asks for, else the instance's own disks, where HyperPod mounts them.
readonly DISKS=("$ROOT/opt/sagemaker" "$ROOT/opt/dlami/nvme")

disk() {
  local candidate
  for candidate in "${DISKS[@]}"; do
    if mountpoint --quiet "$candidate"; then
      echo "$candidate"
      return
    fi
  done
}

# move SERVICE FOLDER TARGET: FOLDER, which SERVICE owns, is in TARGET from now on and after a restart.
move() {
  local service=$1 folder=$2 target=$3 was_active=false
  if mountpoint --quiet "$folder"; then
    echo "$folder is on a disk of its own already"
    return
  fi
  if systemctl is-active --quiet "$service"; then
    was_active=true
    systemctl stop "$service"
  fi
  mkdir -p "$folder" "$target"
  cp --archive "$folder/." "$target/"
  grep --quiet --fixed-strings " $folder none bind" "$ROOT/etc/fstab" ||
    echo "$target $folder none bind,nofail 0 0" >>"$ROOT/etc/fstab"
  mount --bind "$target" "$folder"
  if $was_active; then
    systemctl start "$service"
  fi
  echo "$folder is in $target"
}

main() {
  local disk
  disk=$(disk)
  if [[ -z $disk ]]; then
    echo "no disk beside the root volume: nothing to move"
    return
  fi
  # kubelet first: it would start pods again while containerd is stopped.
  move kubelet "$ROOT/var/lib/kubelet" "$disk/kubelet"
  move containerd "$ROOT/var/lib/containerd" "$disk/containerd"
}

main
