"""One private Slurm cluster on loopback: its controller, and a daemon for each of its nodes.

As root or as anyone else: daemons, and jobs, run as who started them. A munge daemon of its own, whose key
and socket that only the owner can read, is the authentication (ADR 0081).
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from localcloud.slurm.configuration import Ports, SlurmPaths, gres_conf, hosts, slurm_conf
from localcloud.slurm.installation import Installation
from localcloud.slurm.layout import Layout
from localcloud.slurm.processes import CONFIGURATION, NODE, foreign_listeners, kill

# Not TMPDIR, which may be as long as any.
SHORT = Path("/tmp")  # noqa: S108 - a folder of our own in it, which other users cannot enter
INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR")
START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
KEY_BYTES = 128
# States of a node that has registered with the controller (sinfo(1)).
REGISTERED = ("idle", "allocated", "mixed", "completing", "drained", "draining")


class SlurmFailed(RuntimeError):
    """Slurm did not come up; the message ends with the last lines of its log."""


class SlurmCluster:
    """A cluster in a folder of its own: jobs that wait or run when it stops go on when it starts again.

    `hold` takes a node's processes away as a power cut does, and keeps them away until `release`.
    """

    def __init__(self, folder: Path, installation: Installation) -> None:
        self._folder = folder.resolve()
        self._places = _places(self._folder)
        self._installation = installation
        self._layout: Layout | None = None
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.RLock()

    @property
    def configuration(self) -> Path:
        """slurm.conf: SLURM_CONF of everything that belongs to the cluster."""
        return self._places.configuration

    @property
    def root(self) -> Path:
        """The folder of its Unix sockets; access to them is the authentication."""
        return self._places.root

    def start(self, layout: Layout) -> None:
        """Start every daemon and wait until the nodes have registered; SlurmFailed if they do not."""
        with self._lock, ExitStack() as on_failure:
            on_failure.callback(self.stop)
            kill(self._places.configuration)
            self._prepare()
            self._write(layout)
            self._start_munge()
            was_there = any((self._places.state / "controller").iterdir())
            self._start_controller()
            if was_there:
                # What ran has ended with the nodes; Slurm would find that out within minutes.
                self._mark_lost([node.name for node in layout.nodes])
            for node in layout.nodes:
                self._start_node(node.name)
            self.wait_for_nodes(node.name for node in layout.nodes)
            if foreign := foreign_listeners(self._places.configuration):
                raise SlurmFailed(f"Slurm listens beyond loopback: {', '.join(foreign)}")
            on_failure.pop_all()

    def stop(self) -> None:
        """End the controller, which writes down what it knows; then the nodes with all that runs on them."""
        with self._lock:
            controller = self._daemons.pop("slurmctld", None)
            if controller is not None:
                _end(controller)
            kill(self._places.configuration)
            for daemon in self._daemons.values():
                daemon.wait()
            self._daemons.clear()
            shutil.rmtree(self._places.root, ignore_errors=True)

    def change(self, layout: Layout) -> None:
        """Other nodes, or other partitions: jobs on nodes that stay run on."""
        with self._lock:
            gone = {node.name for node in self._require_layout().nodes} - {node.name for node in layout.nodes}
            self._write(layout)
            for lost in gone:
                kill(self._places.configuration, lost)
                self._daemons.pop(lost).wait()
            # Neither the controller nor a node learns of nodes that are new without a restart.
            _end(self._daemons.pop("slurmctld"))
            self._start_controller()
            for node in layout.nodes:
                if node.name in self._daemons:
                    _end(self._daemons.pop(node.name))
                self._start_node(node.name)
            self.wait_for_nodes(node.name for node in layout.nodes)

    def revive(self) -> None:
        """Start again what has ended; a node whose daemon has is a new one, and what ran there is lost."""
        with self._lock:
            if self._has_ended("munged"):
                self._start_munge()
            if self._has_ended("slurmctld"):
                self._start_controller()
            for node in self._require_layout().nodes:
                if self._has_ended(node.name):
                    kill(self._places.configuration, node.name)
                    self._mark_lost([node.name])
                    self._start_node(node.name)

    def environ(self) -> dict[str, str]:
        """Variables that put a process on the controller's node: Slurm's commands, its cluster, its names."""
        return self._environ(self._require_layout().controller)

    def command(self, *words: str) -> str:
        """Output of one of Slurm's commands; CalledProcessError with its stderr."""
        program = self._installation.program(words[0])
        done = subprocess.run(
            [program, *words[1:]], env=self.environ(), check=True, capture_output=True, text=True
        )
        return done.stdout

    def hold(self, node: str) -> None:
        """The node's instance is lost, and with it all that runs there."""
        with self._lock:
            kill(self._places.configuration, node)
            self._daemons.pop(node).wait()
            self._mark_lost([node])

    def release(self, node: str) -> None:
        """The node's instance is back."""
        with self._lock:
            self._start_node(node)
            self.wait_for_nodes([node])

    def node_states(self) -> dict[str, str]:
        """Slurm's word for each node; empty while the controller does not answer."""
        try:
            listed = self.command("sinfo", "--noheader", "--Node", "--format=%N %T")
        except subprocess.CalledProcessError:
            return {}
        return {name: state.rstrip("*~#$@+!%-^") for name, state in map(str.split, listed.splitlines())}

    def wait_for_nodes(self, names: Iterable[str]) -> None:
        """Until they have registered; SlurmFailed when a daemon ended, or after half a minute."""
        expected = set(names)
        deadline = time.monotonic() + START_SECONDS
        while True:
            states = self.node_states()
            missing = sorted(name for name in expected if states.get(name) not in REGISTERED)
            if not missing:
                return
            ended = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > deadline:
                what = f"{', '.join(ended)} ended" if ended else f"{', '.join(missing)} did not register"
                raise SlurmFailed(f"{what} (states: {states})\n{self._log_tail()}")
            time.sleep(POLL_SECONDS)

    def _mark_lost(self, nodes: Iterable[str]) -> None:
        """What HyperPod's monitoring does about an instance that is gone; it need not wait for a timeout."""
        names = ",".join(nodes)
        self.command("scontrol", "update", f"NodeName={names}", "State=DOWN", "Reason=instance lost")

    def _prepare(self) -> None:
        places = self._places
        shutil.rmtree(places.root, ignore_errors=True)
        # 0700, and an error if another user was there first: whoever reaches munge's socket is believed.
        places.root.mkdir(mode=0o700)
        self._folder.mkdir(parents=True, exist_ok=True)
        places.kept.symlink_to(self._folder)
        for folder in (places.state / "controller", places.devices, places.logs):
            folder.mkdir(parents=True, exist_ok=True)
        if not places.munge_key.exists():
            descriptor = os.open(places.munge_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with os.fdopen(descriptor, "wb") as key:
                key.write(secrets.token_bytes(KEY_BYTES))

    def _write(self, layout: Layout) -> None:
        """Slurm's files of a layout."""
        places, self._layout = self._places, layout
        user = pwd.getpwuid(os.getuid()).pw_name
        ports = self._choose_ports(layout)
        places.configuration.write_text(slurm_conf(layout, places, ports, user))
        places.resources.write_text(gres_conf(layout, places))
        for number in range(max((node.gpus for node in layout.nodes), default=0)):
            (places.devices / f"nvidia{number}").touch()
        places.hosts.write_text(hosts(layout))

    def _start_munge(self) -> None:
        places = self._places
        self._start(
            "munged",
            [
                "munged",
                "--foreground",
                # It wants its socket in reach of all users, and this one must not be.
                "--force",
                f"--key-file={places.munge_key}",
                f"--socket={places.munge_socket}",
                f"--pid-file={places.root / 'munged.pid'}",
                f"--seed-file={places.root / 'munge.seed'}",
                f"--log-file={places.logs / 'munged.log'}",
            ],
            self.environ(),
        )
        deadline = time.monotonic() + START_SECONDS
        while not places.munge_socket.exists():
            self._check("munged", deadline)

    def _start_controller(self) -> None:
        # -i: what it cannot read of its state it leaves behind, and starts.
        self._start("slurmctld", ["slurmctld", "-D", "-i"], self.environ())
        deadline = time.monotonic() + START_SECONDS
        while not self.node_states():
            self._check("slurmctld", deadline)

    def _check(self, daemon: str, deadline: float) -> None:
        """Wait a moment for a daemon that comes up; SlurmFailed when it ended, or takes too long."""
        if self._daemons[daemon].poll() is not None or time.monotonic() > deadline:
            raise SlurmFailed(f"{daemon} did not come up\n{self._log_tail()}")
        time.sleep(POLL_SECONDS)

    def _start_node(self, node: str) -> None:
        (self._places.root / node).mkdir(exist_ok=True)
        self._start(node, ["slurmd", "-D", "-N", node], self._environ(node))

    def _start(self, name: str, command: list[str], environ: dict[str, str]) -> None:
        with (self._places.logs / f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                [self._installation.program(command[0]), *command[1:]],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environ(self, host: str) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "PATH": self._installation.search_path,
            CONFIGURATION: str(self._places.configuration),
            "LD_PRELOAD": str(self._installation.nss_wrapper),
            "NSS_WRAPPER_HOSTS": str(self._places.hosts),
            "NSS_WRAPPER_HOSTNAME": host,
            NODE: host,
        }

    def _has_ended(self, name: str) -> bool:
        return name in self._daemons and self._daemons[name].poll() is not None

    def _require_layout(self) -> Layout:
        if self._layout is None:
            raise SlurmFailed("Slurm was not started")
        return self._layout

    def _choose_ports(self, layout: Layout) -> Ports:
        """Those of last time, as jobs that wait know them; free ones for what is new."""
        file = self._folder / "ports.json"
        known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        names = [layout.controller, *(node.name for node in layout.nodes)]
        with ExitStack() as held:
            chosen = {name: known[name] if name in known else _free_port(held) for name in names}
        file.write_text(json.dumps(chosen))
        return Ports(chosen[layout.controller], chosen)

    def _log_tail(self, lines: int = 15) -> str:
        written = sorted(self._places.logs.glob("*"), key=lambda path: path.stat().st_mtime)
        return "\n".join(
            f"{path.name}: {line}"
            for path in written[-3:]
            for line in path.read_text(errors="replace").splitlines()[-lines:]
        )


def kill_orphans(folder: Path) -> None:
    """End what is left of the cluster in a folder whose keeper was killed: daemons, jobs and its agent."""
    places = _places(folder.resolve())
    # Only there while the cluster runs.
    if places.root.exists():
        kill(places.configuration)
        shutil.rmtree(places.root, ignore_errors=True)


def _places(folder: Path) -> SlurmPaths:
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return SlurmPaths(SHORT / f"slurm-{os.getuid()}-{name}")


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _free_port(held: ExitStack) -> int:
    """A free port; held until all are chosen, so that none is chosen twice."""
    probe = held.enter_context(socket.socket())
    probe.bind(("127.0.0.1", 0))
    return int(probe.getsockname()[1])
