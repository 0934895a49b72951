"""The programs that do the models' work, as modules run by the project's interpreter."""

from __future__ import annotations

import math
import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.common.home import REPOSITORY, Home, project_python

BASE_MODEL = "atelier-tiny"
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
# Two cores are shared by everything: libraries that spin on more threads than that get slower, not faster.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class BaseModelMissing(RuntimeError):
    """The base model could not be made."""


@dataclass(frozen=True)
class Programs:
    """What trains and evaluates, in training jobs and in pods, what makes the weights, and what serves."""

    container: str = "localcloud.trainer.jobs.container"
    base_model: str = "localcloud.trainer.model.make_base"
    serving: str = "localcloud.trainer.jobs.serve"
    pod: str = "localcloud.trainer.jobs.pod"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Programs:
        """The services' own tests run scripted programs in their place."""
        return cls(
            container=environ.get("ATELIER_CONTAINER_MODULE", cls.container),
            base_model=environ.get("ATELIER_BASE_MODEL_MODULE", cls.base_model),
            serving=environ.get("ATELIER_SERVING_MODULE", cls.serving),
            pod=environ.get("ATELIER_POD_MODULE", cls.pod),
        )


def clean_environ(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program: one thread, no AWS credentials, nothing of the server's."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **ONE_THREAD, "PYTHONUNBUFFERED": "1", **extra}


class BaseModel:
    """The weights that every job starts from; made once, by the script that makes them reproducibly."""

    def __init__(self, home: Home, programs: Programs) -> None:
        self._folder = home.base_models / BASE_MODEL
        self._module = programs.base_model
        self._lock = threading.Lock()
        self._made = threading.Event()
        self._failure = ""

    def folder(self, *, patience: float = math.inf) -> Path:
        """The model's folder, made if need be; BaseModelMissing if that fails or outlasts `patience` (s)."""
        if not self._made.is_set():
            making = threading.Thread(target=self._make, name="base-model", daemon=True)
            making.start()
            making.join(None if patience == math.inf else patience)
            if making.is_alive():
                raise BaseModelMissing(f"{BASE_MODEL} is still being made; ask again")
        if not self._made.is_set():
            raise BaseModelMissing(f"{BASE_MODEL} could not be made: {self._failure}")
        return self._folder

    def _make(self) -> None:
        with self._lock:
            if self._made.is_set():
                return
            made = subprocess.run(
                [str(project_python()), "-m", self._module, "--out", str(self._folder)],
                cwd=REPOSITORY,
                env=clean_environ({}),
                capture_output=True,
                text=True,
                check=False,
            )
            self._failure = made.stderr[-500:]
            if made.returncode == 0:
                self._made.set()
