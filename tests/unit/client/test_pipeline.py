"""The client is usable without the command line and the embedded cloud."""

from __future__ import annotations

import subprocess
import sys

from tests.fixtures.paths import ROOT

LOADS = """
import sys
import client, client.connection, client.conversation, client.datasets, client.pipeline, client.start
print(sorted({name.partition(".")[0] for name in sys.modules} & {"cli", "localcloud", "typer", "rich"}))
"""


def test_the_client_loads_nothing_of_a_terminal_or_of_the_embedded_cloud() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
