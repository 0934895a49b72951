#!/usr/bin/env bash
# Installs what the embedded cloud needs to run Slurm, where there is apt-get and the right to use it.
# Never fails: without Slurm its clusters are records, and the tests that need it say so and are skipped.
set -euo pipefail
mapfile -t packages < "$(dirname "$0")/debian-packages.txt"

command -v apt-get > /dev/null || { echo "slurm: no apt-get here; not installed" >&2; exit 0; }
installed=$(dpkg-query --show --showformat '${db:Status-Status}\n' "${packages[@]}" 2> /dev/null | grep -cx installed) || true
[ "$installed" -lt "${#packages[@]}" ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2> /dev/null || {
    echo "slurm: neither root nor sudo without a password; to install it: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 0
  }
  as_root=(sudo -n)
fi

echo "slurm: apt-get install ${packages[*]}"
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${packages[@]}"
}
# The lists of a fresh image are empty, or too old.
{ "${as_root[@]}" apt-get update --quiet=2 && install; } > /dev/null || echo "slurm: apt-get failed; not installed" >&2
