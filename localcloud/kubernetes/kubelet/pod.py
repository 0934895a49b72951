"""One pod on its node: pull, mount, start, watch, restart, stop. One thread a pod, fed by one queue."""

from __future__ import annotations

import logging
import queue
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.kubelet import environment, termination
from localcloud.kubernetes.kubelet.container import RESTART_FACTOR, Container, should_restart
from localcloud.kubernetes.kubelet.images import Images, Program
from localcloud.kubernetes.kubelet.pod_status import pod_phase, pod_status
from localcloud.kubernetes.kubelet.process import Process, StartError
from localcloud.kubernetes.kubelet.volumes import NotMounted, Volumes
from localcloud.kubernetes.logs import Logs
from localcloud.kubernetes.objects import Key, Object, now
from localcloud.kubernetes.recorder import Recorder

logger = logging.getLogger("atelier.cloud")
CANNOT_START = 128


@dataclass(frozen=True)
class Timing:
    """Seconds; Kubernetes begins at 10 and ends at 300, here time is compressed."""

    first_back_off: float = 1.0
    longest_back_off: float = 30.0

    def back_off(self, attempt: int) -> float:
        """Before try number `attempt`, counted from 1."""
        return float(min(self.longest_back_off, self.first_back_off * RESTART_FACTOR ** min(attempt - 1, 30)))


@dataclass(frozen=True)
class Node:
    """What all pods on this machine share. `folder` is the cluster's; pods lie in it under `pods/<uid>`.

    `environ` gives the variables of the Kubernetes node with a name, NotConfigured when it cannot; `output`
    takes a line that a pod on such a node has written.
    """

    verbs: Verbs
    recorder: Recorder
    images: Images
    logs: Logs
    folder: Path
    environ: Callable[[str], Mapping[str, str]]
    output: Callable[[str, str, str], None]
    timing: Timing = Timing()

    def pod_folder(self, uid: str) -> Path:
        return self.folder / "pods" / uid

    def forget(self, uid: str) -> None:
        """Remove what a pod that is no more has left."""
        self.logs.forget(uid)
        shutil.rmtree(self.pod_folder(uid), ignore_errors=True)


@dataclass(frozen=True)
class _Ended:
    container: Container
    code: int


@dataclass(frozen=True)
class _Stop:
    grace: float
    reason: str = ""
    message: str = ""


class _Stopped(Exception):
    """The end of the pod was requested."""

    def __init__(self, stop: _Stop) -> None:
        super().__init__(stop.reason)
        self.stop = stop


class PodWorker:
    """Runs one pod until it has finished or is stopped; `done` is called when nothing of it runs any more."""

    def __init__(self, node: Node, key: Key, pod: Object, done: Callable[[Key, str], None]) -> None:
        self._node = node
        self._key = key
        self._pod = pod
        self._uid: str = pod["metadata"]["uid"]
        self._done = done
        self._folder = node.pod_folder(self._uid)
        self._volumes = Volumes(pod, self._folder, node.folder, node.verbs.store.get)
        self._started = now()
        spec = pod["spec"]
        self._init = [Container(each) for each in spec.get("initContainers") or []]
        self._containers = [Container(each) for each in spec["containers"]]
        self._policy: str = spec["restartPolicy"]
        self._queue: queue.SimpleQueue[_Ended | _Stop] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name=f"pod-{key.name}", daemon=True)

    @property
    def name(self) -> str:
        return self._key.name

    @property
    def node_name(self) -> str:
        return str(self._pod["spec"]["nodeName"])

    def stop(self, grace: float, reason: str = "", message: str = "") -> None:
        """End the pod's processes within the grace period (s). With a reason the pod stays, Failed for it."""
        self._queue.put(_Stop(grace, reason, message))

    def _run(self) -> None:
        try:
            self._work()
        except _Stopped as stopped:
            self._shut(stopped.stop)
        except Exception as error:
            logger.exception("pod %s/%s", self._key.namespace, self._key.name)
            self._kill()
            self._report(phase="Failed", reason="InternalError", message=str(error))
        finally:
            self._done(self._key, self._uid)

    def _work(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._report()
        programs = {each.name: self._pull(each) for each in (*self._init, *self._containers)}
        volumes = self._mount()
        for container in self._init:
            if not self._initialise(container, programs[container.name], volumes):
                self._report(phase="Failed")
                return
        for container in self._containers:
            self._start(container, programs[container.name], volumes)
        self._report()
        while pod_phase(self._containers) in ("Pending", "Running"):
            self._step(self._containers, programs, volumes)
            self._report()

    def _pull(self, container: Container) -> Program:
        image = str(container.spec["image"])
        attempt = 0
        while (program := self._node.images.find(image)) is None:
            attempt += 1
            message = f'failed to pull and unpack image "{image}": not found'
            self._event("Warning", "Failed", f'Failed to pull image "{image}": {message}')
            container.wait_for("ErrImagePull", message)
            self._report()
            container.wait_for("ImagePullBackOff", f'Back-off pulling image "{image}"')
            self._event("Normal", "BackOff", f'Back-off pulling image "{image}"')
            self._report()
            self._next(self._node.timing.back_off(attempt))
        return program

    def _mount(self) -> dict[str, Path]:
        attempt = 0
        while True:
            try:
                return self._volumes.materialise()
            except NotMounted as missing:
                attempt += 1
                self._event("Warning", "FailedMount", f"MountVolume.SetUp failed: {missing}")
                self._next(self._node.timing.back_off(attempt))

    def _initialise(self, container: Container, program: Program, volumes: dict[str, Path]) -> bool:
        """Run an init container to its good end; False when it failed and the pod is never restarted."""
        self._start(container, program, volumes)
        while container.exit_code != 0:
            self._report()
            if container.exit_code is not None and self._policy == "Never":
                return False
            self._step([container], {container.name: program}, volumes)
        return True

    def _step(
        self, containers: list[Container], programs: dict[str, Program], volumes: dict[str, Path]
    ) -> None:
        """Wait for an end or for a restart that is due, and do what follows from it."""
        due = [each.restart_at for each in containers if each.restart_at is not None]
        ended = self._next(max(0.0, min(due) - time.monotonic()) if due else None)
        if ended is not None:
            self._end(ended.container, ended.code)
        for container in containers:
            if container.restart_at is not None and container.restart_at <= time.monotonic():
                self._start(container, programs[container.name], volumes)

    def _start(self, container: Container, program: Program, volumes: dict[str, Path]) -> None:
        look_up = self._node.verbs.store.get
        container.attempts += 1
        container.restart_at = None
        log = self._node.logs.start(self._uid, container.name, container.restarts, self._put_out)
        try:
            root = self._volumes.root(container.spec, volumes)
            instance = self._node.environ(self.node_name)
            environ = environment.variables(container.spec, self._current(), program, root, look_up, instance)
            words = environment.command(container.spec, program, environ, root)
            process = Process(
                words,
                environ,
                program.working_directory,
                log,
                self._folder / f"{container.name}.process",
                lambda code: self._queue.put(_Ended(container, code)),
            )
        except (StartError, NotMounted, environment.NotConfigured) as error:
            container.end(CANNOT_START, "StartError", str(error))
            self._event("Warning", "Failed", f"Error: {error}")
            self._restart_if_due(container, CANNOT_START)
            return
        container.run(process)
        self._event("Normal", "Started", f"Started container {container.name}")

    def _put_out(self, line: str) -> None:
        self._node.output(self.node_name, self.name, line)

    def _end(self, container: Container, code: int) -> None:
        log = self._node.logs.find(self._uid, container.name, container.restarts)
        root = self._volumes.root_of(container.spec)
        container.end(
            code, message=termination.message(container.spec, root, code, log.path if log else None)
        )
        self._restart_if_due(container, code)

    def _restart_if_due(self, container: Container, code: int) -> None:
        policy = "OnFailure" if container in self._init and self._policy == "Always" else self._policy
        if not should_restart(policy, code):
            return
        seconds = self._node.timing.back_off(container.attempts)
        name = f"{self._key.name}_{self._key.namespace}({self._uid})"
        container.back_off(seconds, time.monotonic() + seconds, name)
        self._event(
            "Warning", "BackOff", f"Back-off restarting failed container {container.name} in pod {name}"
        )

    def _next(self, seconds: float | None) -> _Ended | None:
        """The next end of a process; None after so many seconds. Raises _Stopped when the pod is to end."""
        try:
            message = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(message, _Stop):
            raise _Stopped(message)
        return message

    def _shut(self, stop: _Stop) -> None:
        """SIGTERM, the grace period, SIGKILL; a later stop may shorten the grace."""
        self._signal(signal.SIGTERM if stop.grace > 0 else signal.SIGKILL)
        kill_at = time.monotonic() + stop.grace
        while self._running():
            try:
                message = self._queue.get(timeout=max(0.0, kill_at - time.monotonic()))
            except queue.Empty:
                self._kill()
                break
            if isinstance(message, _Stop):
                kill_at = min(kill_at, time.monotonic() + message.grace)
                stop = stop if not stop.reason or message.reason else message
            else:
                message.container.end(message.code)
        if stop.reason:
            self._report(phase="Failed", reason=stop.reason, message=stop.message)
            return
        self._node.verbs.remove(self._key, self._uid)

    def _kill(self) -> None:
        """SIGKILL whatever runs, and wait until it is gone: nothing survives that."""
        self._signal(signal.SIGKILL)
        while self._running():
            message = self._queue.get()
            if isinstance(message, _Ended):
                message.container.end(message.code)

    def _signal(self, number: signal.Signals) -> None:
        for container in self._running():
            if container.process is not None:
                container.process.signal(number)

    def _running(self) -> list[Container]:
        return [each for each in (*self._init, *self._containers) if each.process is not None]

    def _current(self) -> Object:
        return self._node.verbs.store.get(self._key) or self._pod

    def _event(self, kind: Any, reason: str, message: str) -> None:
        self._node.recorder.record(self._pod, kind, reason, message)

    def _report(self, **ended: str) -> None:
        """Write the pod's status as it is now, or as it has ended: phase, reason, message."""
        before = self._current().get("status") or {}
        status = pod_status(before, self._started, self._init, self._containers, ended)
        self._node.verbs.set_status(self._key, self._uid, status)
