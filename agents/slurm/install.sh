#!/bin/bash
# install.sh CONFIGURATION: put the agent on this node and start it; again is the same.
#
# Nothing is downloaded: boto3 and Slurm's commands are there, or this says what is not.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
configuration=$1
readonly ROOT=${NODE_ROOT:-}
readonly AGENT_USER=${AGENT_USER:-ubuntu}
readonly UNIT=atelier-agent.service

need() {
  if ! "$@" >/dev/null 2>&1; then
    echo "the agent needs '$*' to succeed on this node" >&2
    exit 1
  fi
}

# What the service will find on its PATH.
export PATH=${AGENT_PATH:+$AGENT_PATH:}/opt/slurm/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
need id "$AGENT_USER"
need python3 -c 'import sys, boto3; sys.exit(sys.version_info < (3, 9))'
for command in sbatch squeue scancel scontrol sinfo; do
  need command -v "$command"
done

package=$ROOT/opt/atelier/agent
rm -rf "$package.new"
mkdir -p "$package.new" "$ROOT/etc/atelier" "$ROOT/etc/systemd/system"
cp "$here"/*.py "$package.new/"
rm -rf "$package"
mv "$package.new" "$package"
install -m 0644 "$configuration" "$ROOT/etc/atelier/agent.json"
(cd "$ROOT/opt/atelier" && python3 -m agent --config "$ROOT/etc/atelier/agent.json" --check)

cat >"$ROOT/etc/systemd/system/$UNIT" <<UNIT
[Unit]
Description=Atelier: takes the pipeline's jobs to Slurm and tells how they stand
After=network-online.target slurmctld.service remote-fs.target
Wants=network-online.target

[Service]
User=$AGENT_USER
StateDirectory=atelier-agent
WorkingDirectory=/opt/atelier
Environment=PATH=$PATH
Environment=PYTHONUNBUFFERED=1
ExecStart=/usr/bin/env python3 -m agent --config /etc/atelier/agent.json
Restart=always
RestartSec=5
# Jobs are Slurm's, not children of this; what it was at is taken up by the next start.
KillMode=mixed
TimeoutStopSec=20
NoNewPrivileges=yes
ProtectSystem=full

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable "$UNIT"
systemctl restart "$UNIT"
