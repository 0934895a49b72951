#!/bin/bash
# HyperPod runs this on a node when it is made, replaced or patched. CloudWatch reads the log below.
set -uo pipefail

readonly LOG=${NODE_ROOT:-}/var/log/provision/provisioning.log
mkdir -p "$(dirname "$LOG")"

status=0
"$(dirname "$0")/on_create_main.sh" >>"$LOG" 2>&1 || status=$?
if ((status)); then
  echo "on_create_main.sh ended with $status" >>"$LOG"
  # HyperPod takes a failed node away at once: the log must have left it first.
  sleep 60
fi
exit "$status"
