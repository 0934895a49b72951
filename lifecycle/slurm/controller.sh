#!/bin/bash
# The agent that gives Slurm the pipeline's jobs, and the folder in which it and they work.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
readonly ROOT=${NODE_ROOT:-}
readonly USER_OF_JOBS=ubuntu

bash "$here/node.sh"
# The folder's owner only: it holds the files of jobs, which may be large.
mkdir -p "$ROOT/fsx/atelier"
chown "$USER_OF_JOBS:$USER_OF_JOBS" "$ROOT/fsx/atelier"
bash "$here/agent/install.sh" "$here/agent.json"
