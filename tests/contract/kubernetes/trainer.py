"""A rank that meets the others as a training job does: rank 0 listens at MASTER_ADDR:MASTER_PORT, all sum up.

With an argument it ends with that exit code once it has met them.
"""

from __future__ import annotations

import os
import socket
import sys
import time

RANK, WORLD_SIZE = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
PLACE = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
PATIENCE_SECONDS = 20.0


def main() -> int:
    total = _gather() if RANK == 0 else _tell()
    sys.stdout.write(f"rank={RANK} sum={total}\n")
    return int(sys.argv[1]) if len(sys.argv) > 1 else 0


def _gather() -> int:
    """The sum of all ranks' numbers, which each is told."""
    with socket.create_server(PLACE, backlog=WORLD_SIZE) as server:
        server.settimeout(PATIENCE_SECONDS)
        others = [server.accept()[0] for _ in range(WORLD_SIZE - 1)]
    total = 1 + sum(int(other.recv(16)) for other in others)
    for other in others:
        other.sendall(str(total).encode())
        other.close()
    return total


def _tell() -> int:
    """Send this rank's number, and hear the sum."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with socket.create_connection(PLACE) as master:
                master.sendall(str(RANK + 1).encode())
                return int(master.recv(16))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
