"""The process that stands for a training container, and the `/opt/ml` it sees."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.common.home import REPOSITORY, project_python
from localcloud.common.programs import clean_environ


@dataclass(frozen=True)
class OptMl:
    """A job's folder as the container sees /opt/ml, and the escrow folder that only the service reads."""

    root: Path

    def channel(self, name: str) -> Path:
        return self.root / "input" / "data" / name

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def output_data(self) -> Path:
        return self.root / "output" / "data"

    @property
    def failure(self) -> Path:
        return self.root / "output" / "failure"

    @property
    def escrow(self) -> Path:
        return self.root / "escrow"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint the job continues from."""
        return self.root / "checkpoint"

    def prepare(self, request: Mapping[str, Any]) -> None:
        """Make the folders and write the configuration files SageMaker writes."""
        for folder in (
            self.root / "input" / "config",
            self.root / "input" / "data",
            self.model,
            self.output_data,
            self.escrow,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        resources = request["ResourceConfig"]
        files = {
            "hyperparameters": request.get("HyperParameters", {}),
            "inputdataconfig": {
                channel["ChannelName"]: {
                    "TrainingInputMode": "File",
                    "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                        "S3DataDistributionType", "FullyReplicated"
                    ),
                    "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                }
                for channel in request.get("InputDataConfig", [])
            },
            "resourceconfig": {
                "current_host": "algo-1",
                "current_instance_type": resources.get("InstanceType", ""),
                "hosts": ["algo-1"],
                "network_interface_name": "lo",
            },
        }
        for name, content in files.items():
            (self.root / "input" / "config" / f"{name}.json").write_text(json.dumps(content))


class Container:
    """A running process in its own group, and the lines it prints."""

    def __init__(self, module: str, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(project_python()), "-m", module],
            cwd=REPOSITORY,
            env=clean_environ(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name=f"container-{self.pid}", daemon=True).start()
        self._is_drained = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def lines(self, seconds: float) -> list[str]:
        """What was printed since the last call; waits up to `seconds` for the first line."""
        taken: list[str] = []
        try:
            line = self._lines.get(timeout=seconds)
            while line is not None:
                taken.append(line)
                line = self._lines.get_nowait()
            self._is_drained = True
        except queue.Empty:
            pass
        return taken

    @property
    def exit_code(self) -> int | None:
        """None while the process runs, or while lines of it are unread."""
        return self._process.wait() if self._is_drained else None

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group; nothing when it is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)
