"""The agent's configuration: a JSON file that the lifecycle scripts write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

RUNTIMES = ("enroot", "docker", "process")
# Slurm expands %, and quotes its options itself; colons and commas separate mounts.
_ANY_PATH = re.compile(r"""(/[^/%"'\\\x00-\x1f\x7f]+)+""")
_MOUNTED_PATH = re.compile(r"(/[\w.@+-]+)+", re.ASCII)


class InvalidConfig(Exception):
    """The configuration file cannot be used; the message names the field, its value and what is accepted."""


@dataclass(frozen=True)
class Config:
    """One cluster's agent. Numbers whose name says nothing else are seconds.

    `prefix` (ends in a slash) is where in `bucket` the pipeline and the agent meet; `shared_folder` is seen
    by every node, and the pipeline calls it `mounted_at`, where that is not the same. Runtime `process` runs
    `programs[image]` in place of a container. `auto_resume`: srun has HyperPod's plugin. At once, at most
    `transfers` objects come from S3 and as many jobs' outputs go there. `checkpoint_seconds` before its
    time limit a job gets SIGTERM. Folders of jobs that ended are kept for `kept_days`.
    """

    cluster: str
    region: str
    bucket: str
    prefix: str
    queue_url: str
    shared_folder: str
    runtime: str
    mounted_at: str = ""
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    auto_resume: bool = True
    transfers: int = 4
    poll_seconds: float = 20
    visibility_seconds: float = 120
    look_seconds: float = 2
    log_seconds: float = 30
    inbox_seconds: float = 60
    heartbeat_seconds: float = 30
    checkpoint_seconds: float = 120
    kept_days: float = 14

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read the file. InvalidConfig says what is wrong with it."""
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InvalidConfig(f"{path}: {error}") from error
        return cls.of(content)

    @classmethod
    def of(cls, content: Any) -> Config:
        """The configuration in a JSON document. InvalidConfig says what is wrong with it."""
        if not isinstance(content, dict):
            raise InvalidConfig(f"an object is accepted, got {type(content).__name__}")
        known = {one.name: one for one in fields(cls)}
        for name in content:
            if name not in known:
                raise InvalidConfig(f"{name}: unknown; accepted: {', '.join(known)}")
        for name, one in known.items():
            needed = one.default is MISSING and one.default_factory is MISSING
            if needed and name not in content:
                raise InvalidConfig(f"{name}: missing")
        return cls(**{name: _CHECKS[str(known[name].type)](name, value) for name, value in content.items()})

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise InvalidConfig(f"runtime = {self.runtime!r}: accepted: {', '.join(RUNTIMES)}")
        if not self.prefix.endswith("/") or self.prefix.startswith("/"):
            raise InvalidConfig(f"prefix = {self.prefix!r}: one that ends in a slash is accepted")
        path = _ANY_PATH if self.runtime == "process" else _MOUNTED_PATH
        if not path.fullmatch(self.shared_folder):
            raise InvalidConfig(f"shared_folder = {self.shared_folder!r}: accepted: {path.pattern}")
        if self.mounted_at and self.runtime != "process":
            raise InvalidConfig(f"mounted_at = {self.mounted_at!r}: with runtime process only")
        if not self.poll_seconds <= 20:
            raise InvalidConfig(f"poll_seconds = {self.poll_seconds}: SQS accepts up to 20")

    @property
    def pipeline_folder(self) -> str:
        """The shared folder's path as the pipeline knows it."""
        return self.mounted_at or self.shared_folder

    @property
    def jobs_folder(self) -> Path:
        """Where each job has a folder of its name."""
        return Path(self.shared_folder) / "atelier" / "jobs"

    @property
    def own_folder(self) -> Path:
        """The folder of records if the controller has none of its own."""
        return Path(self.shared_folder) / "atelier" / "agent"

    @property
    def downloads_folder(self) -> Path:
        """The folder of objects that jobs share."""
        return Path(self.shared_folder) / "atelier" / "downloads"


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidConfig(f"{name} = {value!r}: a text is accepted")
    return value


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidConfig(f"{name} = {value!r}: true or false is accepted")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise InvalidConfig(f"{name} = {value!r}: a number above 0 is accepted")
    return value


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidConfig(f"{name} = {value!r}: a whole number above 0 is accepted")
    return value


def _programs(name: str, value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise InvalidConfig(f"{name} = {value!r}: an object of image to command is accepted")
    for image, command in value.items():
        if not isinstance(command, list) or not command or not all(isinstance(one, str) for one in command):
            raise InvalidConfig(f"{name}.{image} = {command!r}: a list of texts is accepted")
    return {image: tuple(command) for image, command in value.items()}


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "str": _text,
    "bool": _boolean,
    "float": _number,
    "int": _count,
    "Mapping[str, tuple[str, ...]]": _programs,
}
