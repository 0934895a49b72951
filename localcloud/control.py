"""Start, find and stop the embedded cloud: what `atelier up`, `atelier down` and the tests call."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from localcloud.common.files import replace_text
from localcloud.common.home import (
    ACCOUNT_ID,
    REGION,
    REPOSITORY,
    ROOT_ACCESS_KEY,
    ROOT_SECRET_KEY,
    Home,
    cloud_python,
)
from localcloud.common.processes import command_of
from localcloud.kubernetes.kubelet.process import kill_recorded
from localcloud.slurm.cluster import kill_orphans

if TYPE_CHECKING:
    import boto3

START_SECONDS = 60.0
STOP_SECONDS = 30.0
KILL_SECONDS = 5.0
# A server that makes others wait is not a dead one.
BUSY_SECONDS = 20.0
POLL_SECONDS = 0.05
HEALTH_PATH = "/_ministack/health"

# Servers outlive what started them; as long as that lives, it has to take note of their end.
_started: dict[int, subprocess.Popen[bytes]] = {}


class CloudFailed(RuntimeError):
    """The embedded cloud did not come up, or did not go down; the message ends with its last log lines."""


@dataclass(frozen=True)
class Cloud:
    """A running embedded cloud and how to reach it."""

    endpoint_url: str
    ca_bundle: str
    pid: int
    log_file: str
    region: str
    account_id: str

    def environ(self) -> dict[str, str]:
        """Variables that point the AWS CLI, the CDK CLI and any SDK at this cloud, as its root user."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "NODE_EXTRA_CA_CERTS": self.ca_bundle,
            "AWS_ACCESS_KEY_ID": ROOT_ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            # SDKs prefix some hosts ("sync-"): a loopback address has no such names.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(
        self,
        access_key_id: str = ROOT_ACCESS_KEY,
        secret_access_key: str = ROOT_SECRET_KEY,
        token: str | None = None,
    ) -> boto3.Session:
        """A boto3 session on this cloud; its clients take `client_options()` besides."""
        import boto3

        return boto3.Session(
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            aws_session_token=token,
            region_name=self.region,
        )

    def client_options(self) -> dict[str, str]:
        """Keyword arguments for `session.client(...)`."""
        return {"endpoint_url": self.endpoint_url, "verify": self.ca_bundle}


def up(home: Home | None = None, **settings: str) -> Cloud:
    """Start the embedded cloud, or find the one that runs.

    `settings` become variables of a server that is started. Raises CloudFailed when it ends or stays silent.
    """
    home = home or Home.from_environ()
    home.root.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        running = _recorded(home)
        if running is not None and _is_server(running.pid) and _answers(running, BUSY_SECONDS):
            return running
        _end_leftover(home)
        return _start(home, settings)


def down(home: Home | None = None) -> bool:
    """Stop the cloud and every process it started; False when none ran."""
    home = home or Home.from_environ()
    if not home.root.exists():
        return False
    with _only_one(home):
        was_running = _end_leftover(home)
        # A server that was killed could not: Slurm's daemons and pods are no children of its group.
        for folder in home.slurm.glob("*/"):
            kill_orphans(folder)
        for record in home.state.glob("kubernetes/*/*/*/pods/*/*.process"):
            kill_recorded(record)
        return was_running


def status(home: Home | None = None) -> Cloud | None:
    """The running cloud, or None: a record whose process is gone, or is something else, counts as none."""
    cloud = _recorded(home or Home.from_environ())
    if cloud is None or not _is_server(cloud.pid) or not _answers(cloud):
        return None
    return cloud


def _recorded(home: Home) -> Cloud | None:
    try:
        return Cloud(**json.loads(home.record.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _start(home: Home, settings: dict[str, str]) -> Cloud:
    python = cloud_python()
    if not python.exists():
        raise CloudFailed(
            f"{python} does not exist: the embedded cloud has its own environment, made by `make setup`"
        )
    for folder in (home.state, home.jobs, home.models, home.base_models):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home.temporary, ignore_errors=True)
    home.temporary.mkdir()
    port = _choose_port(home)
    with home.log.open("ab") as log:
        process = subprocess.Popen(
            [str(python), "-m", "localcloud.server", "--home", str(home.root), "--port", str(port)],
            cwd=REPOSITORY,
            env=_server_environ(home, settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[process.pid] = process
    cloud = Cloud(
        endpoint_url=f"https://127.0.0.1:{port}",
        ca_bundle=str(home.certificate),
        pid=process.pid,
        log_file=str(home.log),
        region=REGION,
        account_id=ACCOUNT_ID,
    )
    try:
        _await_answer(cloud, process, home)
        home.port.write_text(str(port))
        replace_text(home.record, json.dumps(asdict(cloud), indent=2) + "\n")
    except BaseException:
        # Also when a person interrupts: nothing would find, or stop, a server that is on no record.
        process.kill()
        _started.pop(process.pid, process).wait()
        raise
    return cloud


def _await_answer(cloud: Cloud, process: subprocess.Popen[bytes], home: Home) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(cloud):
        if process.poll() is not None:
            raise CloudFailed(f"the embedded cloud ended with code {process.returncode}\n{_tail(home)}")
        if time.monotonic() > deadline:
            raise CloudFailed(
                f"the embedded cloud did not answer within {START_SECONDS:.0f} s\n{_tail(home)}"
            )
        time.sleep(POLL_SECONDS)


def _server_environ(home: Home, settings: dict[str, str]) -> dict[str, str]:
    """A clean environment: functions inherit it, and must not see the caller's credentials or paths."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "TMPDIR": str(home.temporary), "PYTHONUNBUFFERED": "1", **settings}


def _end_leftover(home: Home) -> bool:
    """Stop what the record names, if it is still a server of ours, and forget the record."""
    cloud = _recorded(home)
    home.record.unlink(missing_ok=True)
    if cloud is None or not _is_server(cloud.pid):
        return False
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        os.killpg(cloud.pid, number)
        deadline = time.monotonic() + patience
        while _is_server(cloud.pid):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return True
    raise CloudFailed(f"process {cloud.pid} of the embedded cloud does not end\n{_tail(home)}")


def _is_server(pid: int) -> bool:
    """Whether the process lives and is a server of ours: process ids are reused."""
    if "localcloud.server" in command_of(pid):
        return True
    if pid in _started:
        _started.pop(pid).wait()
    return False


def _answers(cloud: Cloud, patience: float = 5.0) -> bool:
    try:
        context = ssl.create_default_context(cafile=cloud.ca_bundle)
        with urllib.request.urlopen(  # noqa: S310 - the URL is https, and ours
            cloud.endpoint_url + HEALTH_PATH, timeout=patience, context=context
        ) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _choose_port(home: Home) -> int:
    """The port used last when it is free, else one the system chooses."""
    try:
        port = int(home.port.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tail(home: Home, lines: int = 30) -> str:
    return "\n".join(home.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Two `up` at once start one server."""
    with home.lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
