"""Where one embedded cloud lives: its folder, its fixed facts and the interpreters it starts.

Shared by both sides: `control` runs in the project's environment, `server` in the cloud's own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
# In MiniStack a 12-digit access key is that account's root user; this account owns what AWS's services own.
SERVICE_ACCOUNT_ID = "900000000000"
ROOT_ACCESS_KEY = "test"
ROOT_SECRET_KEY = "test"  # noqa: S105 - MiniStack's fixed root user, on loopback


@dataclass(frozen=True)
class Home:
    """The folder of one embedded cloud; ATELIER_HOME moves it, so that tests and people do not share one."""

    root: Path

    @classmethod
    def from_environ(cls) -> Home:
        """The folder named by ATELIER_HOME, else `.atelier` in the repository."""
        return cls(Path(os.environ.get("ATELIER_HOME") or REPOSITORY / ".atelier").resolve())

    @property
    def record(self) -> Path:
        """cloud.json: how to reach the running cloud."""
        return self.root / "cloud.json"

    @property
    def log(self) -> Path:
        return self.root / "cloud.log"

    @property
    def lock(self) -> Path:
        return self.root / "cloud.lock"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def port(self) -> Path:
        """The port used last: kept over restarts, because stored queue URLs contain it."""
        return self.state / "port"

    @property
    def certificate(self) -> Path:
        return self.root / "tls" / "certificate.pem"

    @property
    def private_key(self) -> Path:
        return self.root / "tls" / "key.pem"

    @property
    def temporary(self) -> Path:
        """Scratch of the server and of the functions it runs; emptied at every start."""
        return self.root / "tmp"

    @property
    def objects(self) -> Path:
        """What is in S3, as MiniStack lays it out: `<account>/<bucket>/<key>`."""
        return self.state / "s3"

    @property
    def file_systems(self) -> Path:
        """FSx: a folder for each file system, under its id."""
        return self.root / "file-systems"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def models(self) -> Path:
        """Checkpoints that custom models were made from, as the serving processes load them."""
        return self.root / "models"

    @property
    def slurm(self) -> Path:
        """What Slurm and its agents keep, a folder for each HyperPod cluster."""
        return self.root / "slurm"

    @property
    def base_models(self) -> Path:
        return self.root / "base-models"


def cloud_python() -> Path:
    """The interpreter MiniStack is installed for, and therefore the one local Lambdas run on."""
    return Path(os.environ.get("ATELIER_CLOUD_PYTHON") or REPOSITORY / ".venv-cloud" / "bin" / "python")


def project_python() -> Path:
    """The interpreter training jobs and served models run on."""
    return Path(os.environ.get("ATELIER_PROJECT_PYTHON") or REPOSITORY / ".venv" / "bin" / "python")
