"""The agent on a controller's node, installed from what the cluster publishes, and kept alive as by systemd.

It is a stranger to us, as all that a lifecycle script installs: a package named `agent` and its agent.json
below the controller group's SourceS3Uri.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.common.home import REPOSITORY, project_python

PACKAGE = "agent"
CONFIGURATION = "agent.json"
STOP_SECONDS = 10.0


def install(folder: Path, s3: Any, source_uri: str, changes: Mapping[str, Any]) -> bool:
    """Put package and agent.json into `folder`, with `changes` to the latter; False when none is published.

    Where jobs see the shared folder, `mounted_at`, is what was published as `shared_folder`: there are no
    mounts here, and `changes` say where it really is.
    """
    bucket, _, prefix = source_uri.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/"
    shutil.rmtree(folder, ignore_errors=True)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            name = str(found["Key"]).removeprefix(prefix)
            if name == CONFIGURATION or name.startswith(f"{PACKAGE}/"):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, found["Key"], str(target))
    configuration = folder / CONFIGURATION
    if not configuration.exists():
        return False
    published = json.loads(configuration.read_text())
    mounted_at = {"mounted_at": published["shared_folder"]}
    configuration.write_text(json.dumps({**published, **mounted_at, **changes}, indent=2))
    return True


class Agent:
    """The process. `environ` is the controller's node's, with credentials of its role."""

    def __init__(self, folder: Path, environ: Mapping[str, str], log: Path) -> None:
        self._folder = folder
        # The programs that it starts for images are modules of the repository.
        paths = {"PYTHONPATH": f"{folder}:{REPOSITORY}", "PYTHONUNBUFFERED": "1"}
        self._environ = {**environ, **paths}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ensure(self) -> None:
        """Start it, unless it runs."""
        if self.is_running:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(project_python()), "-m", PACKAGE, "--config", str(self._folder / CONFIGURATION)],
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
