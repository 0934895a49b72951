#!/bin/bash
# logged.sh SCRIPT: run a script beside this one into the log that HyperPod hands to CloudWatch.
set -uo pipefail

readonly LOG=${NODE_ROOT:-}/var/log/provision/provisioning.log
mkdir -p "$(dirname "$LOG")"

status=0
# By bash: what comes from a bucket is not executable.
bash "$(dirname "$0")/$1" >>"$LOG" 2>&1 || status=$?
if ((status)); then
  echo "$1 ended with $status" >>"$LOG"
  # HyperPod takes a failed node away at once: the log must have left it first.
  sleep 60
fi
exit "$status"
