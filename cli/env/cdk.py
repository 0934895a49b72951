"""The CDK CLI that package.json pins, on an environment: the embedded cloud or AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from client.connection import clients
from config.environments.local import LOCAL
from config.model import Environment

REPOSITORY = Path(__file__).resolve().parents[2]
_CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def run_cdk(environment: Environment, arguments: Sequence[str], *, quiet: bool = False) -> int:
    """Run `cdk <arguments> -c env=<environment>`; its exit code. `quiet` hides the output of a success.

    The embedded cloud has no bootstrap stack: the bucket that assets are published to is made here.
    """
    if not _CDK.exists():
        raise CommandFailed(f"{_CDK} is missing: `make setup`")
    variables = _variables(environment)
    command = [str(_CDK), *arguments, "-c", f"env={environment.name}"]
    if environment is LOCAL:
        _ensure_assets_bucket(environment)
        # The embedded cloud on a laptop needs no approval.
        if "deploy" in arguments:
            command += ["--require-approval", "never"]
        if "destroy" in arguments:
            command += ["--force"]
    if not quiet:
        return subprocess.run(command, cwd=REPOSITORY, env=variables, check=False).returncode
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=variables,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
    return done.returncode


def _variables(environment: Environment) -> Mapping[str, str]:
    """The process's own environment, with our Python and Node first, pointed at the environment's cloud."""
    path = os.pathsep.join((str(Path(sys.executable).parent), str(_CDK.parent), os.environ.get("PATH", "")))
    variables = {**os.environ, "PATH": path}
    if environment is LOCAL:
        from localcloud.control import status

        cloud = status()
        if cloud is None:
            raise CommandFailed("the embedded cloud is not running: `atelier up`", ExitCode.UNREACHABLE)
        variables = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
        variables |= cloud.environ()
    return variables


def _ensure_assets_bucket(environment: Environment) -> None:
    if environment.assets_bucket is None:
        return
    s3 = clients(environment)("s3")
    try:
        s3.create_bucket(Bucket=environment.assets_bucket)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        return
