"""slurm.conf of a private cluster on loopback, from its layout.

Source of the keys: slurm.conf(5) of Slurm 22.05, which Debian 12 has; checked against it by the tests.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.slurm.layout import Layout, Node

# HyperPod puts every compute node into this partition too.
EVERYONE = "dev"
CLUSTER_NAME = "atelier"
# As many as the meeting ports that jobs' scripts make of their numbers (agents/slurm/script.py).
JOB_NUMBERS = 10_000


@dataclass(frozen=True)
class SlurmPaths:
    """Where a cluster keeps what.

    All below `root`, which is short, has no spaces and is the user's own: the address of a Unix socket has at
    most 108 characters, and Slurm puts a node's and a step's name behind it; slurm.conf separates by spaces.
    It goes with the cluster's processes; `kept` leads to what stays.
    """

    root: Path

    @property
    def kept(self) -> Path:
        """A link to the cluster's folder."""
        return self.root / "kept"

    @property
    def state(self) -> Path:
        return self.kept / "state"

    @property
    def logs(self) -> Path:
        return self.kept / "logs"

    @property
    def configuration(self) -> Path:
        return self.state / "slurm.conf"

    @property
    def resources(self) -> Path:
        return self.state / "gres.conf"

    @property
    def devices(self) -> Path:
        """Stands for /dev, where Slurm looks whether a GPU is there."""
        return self.state / "devices"

    @property
    def hosts(self) -> Path:
        """Addresses by name, as /etc/hosts has them."""
        return self.state / "hosts"

    @property
    def munge_key(self) -> Path:
        return self.state / "munge.key"

    @property
    def munge_socket(self) -> Path:
        return self.root / "munge"


@dataclass(frozen=True)
class Ports:
    """Where the daemons listen, on 127.0.0.1."""

    controller: int
    nodes: Mapping[str, int]


def slurm_conf(layout: Layout, paths: SlurmPaths, ports: Ports, user: str) -> str:
    """The file's text; daemons, and so jobs, run as `user`."""
    return "\n".join(
        [
            f"ClusterName={CLUSTER_NAME}",
            f"SlurmctldHost={layout.controller}(127.0.0.1)",
            f"SlurmctldPort={ports.controller}",
            f"FirstJobId={first_job(paths)}",
            f"SlurmUser={user}",
            f"SlurmdUser={user}",
            "AuthType=auth/munge",
            # A job that is requeued waits until its credentials have expired; by default that is two minutes.
            f"AuthInfo=socket={paths.munge_socket},cred_expire=5",
            "CredType=cred/munge",
            # Without both, the one or the other daemon listens everywhere.
            "CommunicationParameters=NoInAddrAny,NoCtldInAddrAny",
            f"StateSaveLocation={paths.state / 'controller'}",
            f"SlurmdSpoolDir={paths.root}/%n",
            f"SlurmctldPidFile={paths.root}/slurmctld.pid",
            f"SlurmdPidFile={paths.root}/slurmd-%n.pid",
            f"SlurmctldLogFile={paths.logs / 'slurmctld.log'}",
            f"SlurmdLogFile={paths.logs}/slurmd-%n.log",
            # No cgroups, as there may be neither root nor systemd: memory limits are recorded only.
            "ProctrackType=proctrack/linuxproc",
            "TaskPlugin=task/none",
            "JobAcctGatherType=jobacct_gather/linux",
            "AccountingStorageType=accounting_storage/none",
            "JobCompType=jobcomp/none",
            "MpiDefault=none",
            "SwitchType=switch/none",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_CPU",
            "GresTypes=gpu",
            # Nodes may say that they have more than this machine.
            "SlurmdParameters=config_overrides",
            "SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=1,bf_interval=1",
            "ReturnToService=2",
            "SlurmctldTimeout=10",
            "SlurmdTimeout=10",
            "KillWait=10",
            # How long scontrol knows a job that ended, there being no accounting.
            "MinJobAge=3600",
            *(_node(node, ports.nodes[node.name]) for node in layout.nodes),
            *(
                f"PartitionName={partition.name} Nodes={_names(partition.nodes)} MaxTime=INFINITE State=UP"
                for partition in layout.partitions
                if partition.nodes
            ),
            f"PartitionName={EVERYONE} Nodes={_names(layout.nodes)} Default=YES MaxTime=INFINITE State=UP",
            "",
        ]
    )


def first_job(paths: SlurmPaths) -> int:
    """The number of a cluster's first job: ranks meet at a port made of a job's number, and those of other
    clusters on this machine's loopback would meet each other if each cluster began at 1.
    """
    return 1 + zlib.crc32(bytes(paths.root)) % JOB_NUMBERS


def gres_conf(layout: Layout, paths: SlurmPaths) -> str:
    """GPUs that Slurm counts, hands out and names in CUDA_VISIBLE_DEVICES; their devices are empty files."""
    return "".join(
        f"NodeName={node.name} Name=gpu File={paths.devices}/nvidia[0-{node.gpus - 1}]\n"
        for node in layout.nodes
        if node.gpus
    )


def hosts(layout: Layout) -> str:
    """Every node's name, and this machine's, at the loopback address."""
    names = ("localhost", layout.controller, *(node.name for node in layout.nodes))
    return "".join(f"127.0.0.1 {name}\n" for name in names)


def _node(node: Node, port: int) -> str:
    gpus = f" Gres=gpu:{node.gpus}" if node.gpus else ""
    return (
        f"NodeName={node.name} NodeAddr=127.0.0.1 Port={port} CPUs={node.cpus} "
        f"RealMemory={node.memory_mib}{gpus} State=UNKNOWN"
    )


def _names(nodes: tuple[Node, ...]) -> str:
    return ",".join(node.name for node in nodes)
