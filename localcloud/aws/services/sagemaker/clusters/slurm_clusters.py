"""Slurm for the embedded SageMaker's HyperPod clusters: what `atelier up --with-slurm` adds.

Without it such clusters are records. With it each has a private Slurm, whose nodes are the cluster's compute
nodes, and its agent on the controller's node. A node whose daemon ends is replaced, as HyperPod's node
recovery replaces an instance; an agent that ends is started again.
"""

from __future__ import annotations

import logging
import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.aws.services.authorization import ServiceRole
from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster
from localcloud.aws.services.sagemaker.clusters.credentials import execution_role
from localcloud.aws.services.sagemaker.clusters.orchestrator import OrchestratorFailed
from localcloud.aws.services.sagemaker.clusters.slurm_credentials import CredentialsEndpoint
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home, project_python
from localcloud.common.service_error import ServiceError
from localcloud.slurm.agent import Agent, install
from localcloud.slurm.cluster import SlurmCluster, SlurmFailed
from localcloud.slurm.installation import SlurmMissing, find
from localcloud.slurm.layout import Layout, Node, Partition
from localcloud.slurm.setting import SlurmSetting

logger = logging.getLogger("atelier.cloud")

# How soon systemd starts a service again, and HyperPod a node (there: minutes).
RESTART_SECONDS = 1.0
IMAGE = "atelier-tiny-open"
PROGRAM = "localcloud.trainer.jobs.llmft"
# The agent's clocks, as fast as the embedded cloud's own.
QUICK = {
    "poll_seconds": 2,
    "look_seconds": 0.5,
    "log_seconds": 2,
    "inbox_seconds": 5,
    "heartbeat_seconds": 2,
    "checkpoint_seconds": 60,
}


@dataclass(frozen=True)
class SlurmClusterSpec:
    """What a cluster's record specifies."""

    name: str
    layout: Layout
    source_uri: str | None
    shared_folder: Path
    role: ServiceRole
    region: str
    account_id: str


class SlurmClusters:
    """The orchestrator of clusters on Slurm; each starts once Slurm is switched on."""

    def __init__(self, home: Home, endpoint: Endpoint) -> None:
        self._home = home
        self._endpoint = endpoint
        self._switch = SlurmSetting(home)
        self._specs: dict[str, SlurmClusterSpec] = {}
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._failures: dict[str, str] = {}
        self._switch.report({})
        self._keeper = threading.Thread(target=self._keep, name="slurm", daemon=True)
        self._keeper.start()

    def ensure(self, cluster: HyperPodCluster) -> None:
        """Give Slurm the cluster's nodes. OrchestratorFailed when Slurm does not start."""
        spec = _spec_of(cluster, self._home)
        with self._lock:
            if spec is None:
                self._end(cluster.id)
                return
            self._specs[cluster.id] = spec
            if self._switch.is_on:
                try:
                    self._start(cluster.id, spec)
                except (SlurmFailed, SlurmMissing, ClientError, BotoCoreError) as error:
                    raise OrchestratorFailed(f"Slurm: {error}") from error

    def delete(self, cluster: HyperPodCluster) -> None:
        """End the cluster's Slurm, its jobs and its agent, and forget its queue."""
        with self._lock:
            self._end(cluster.id)
        shutil.rmtree(self._folder(cluster.id), ignore_errors=True)

    def close(self) -> None:
        """End all of it with the cloud; jobs go on from Slurm's own records when it is back."""
        self._closing.set()
        self._keeper.join()
        with self._lock:
            for running in self._running.values():
                running.stop()
            self._running.clear()
        self._switch.report({})

    def _start(self, cluster_id: str, spec: SlurmClusterSpec) -> None:
        running = self._running.get(cluster_id)
        if running is None:
            running = _Running(self._folder(cluster_id), self._endpoint)
            running.start(spec)
            self._running[cluster_id] = running
        else:
            running.change(spec)
        self._failures.pop(spec.name, None)
        self._report()

    def _end(self, cluster_id: str) -> None:
        spec = self._specs.pop(cluster_id, None)
        if spec is not None:
            self._failures.pop(spec.name, None)
        running = self._running.pop(cluster_id, None)
        if running is not None:
            running.stop()
            self._report()

    def _keep(self) -> None:
        """Start missing clusters once Slurm is switched on, and restart those that have ended."""
        while not self._closing.wait(RESTART_SECONDS):
            with self._lock:
                for cluster_id, spec in self._specs.items():
                    try:
                        if cluster_id in self._running:
                            self._running[cluster_id].revive()
                        elif self._switch.is_on:
                            self._start(cluster_id, spec)
                    except Exception as error:
                        # It is tried again; the other clusters, and this thread, must go on.
                        self._note_failure(spec.name, str(error))

    def _note_failure(self, name: str, message: str) -> None:
        """Log a failure once: it may repeat every second."""
        if self._failures.get(name) != message:
            logger.error("Slurm of %s: %s", name, message)
            self._failures[name] = message
            self._report()

    def _report(self) -> None:
        running = {one.name: one.state for one in self._running.values()}
        self._switch.report(self._failures | running)

    def _folder(self, cluster_id: str) -> Path:
        return self._home.slurm / cluster_id


class _Running:
    """One cluster's Slurm, its agent and the agent's credentials."""

    def __init__(self, folder: Path, endpoint: Endpoint) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._slurm = SlurmCluster(folder, find())
        self._spec: SlurmClusterSpec | None = None
        self._agent: Agent | None = None
        self._credentials: CredentialsEndpoint | None = None

    @property
    def name(self) -> str:
        return self._spec.name if self._spec else ""

    @property
    def state(self) -> str:
        nodes = len(self._spec.layout.nodes) if self._spec else 0
        return f"{nodes} nodes, {'an agent' if self._agent else 'no agent'}"

    def start(self, spec: SlurmClusterSpec) -> None:
        self._slurm.start(spec.layout)
        try:
            self._start_agent(spec)
        except BaseException:
            self.stop()
            raise
        self._spec = spec

    def change(self, spec: SlurmClusterSpec) -> None:
        """Apply the differences; an unchanged cluster keeps its agent and its jobs."""
        before, self._spec = self._spec, spec
        if before is None or before.layout != spec.layout:
            self._slurm.change(spec.layout)
        if before is None or replace(before, layout=spec.layout) != spec:
            self._stop_agent()
            self._start_agent(spec)

    def revive(self) -> None:
        self._slurm.revive()
        if self._agent is not None:
            self._agent.ensure()

    def stop(self) -> None:
        self._stop_agent()
        self._slurm.stop()

    def _start_agent(self, spec: SlurmClusterSpec) -> None:
        if spec.source_uri is None:
            return

        def session() -> boto3.Session:
            return spec.role.session("controller", spec.region)

        folder = self._folder / "controller"
        spec.shared_folder.mkdir(parents=True, exist_ok=True)
        image = f"{spec.account_id}.dkr.ecr.{spec.region}.amazonaws.com/{IMAGE}:latest"
        changes = {
            "shared_folder": str(spec.shared_folder),
            "runtime": "process",
            "programs": {image: [str(project_python()), "-m", PROGRAM]},
            "auto_resume": False,
            **QUICK,
        }
        if not install(folder, self._endpoint.client(session(), "s3"), spec.source_uri, changes):
            return
        self._credentials = CredentialsEndpoint(session)
        environ = {
            **self._slurm.environ(),
            **self._credentials.environ(),
            "AWS_REGION": spec.region,
            "AWS_DEFAULT_REGION": spec.region,
            "AWS_ENDPOINT_URL": self._endpoint.url,
            "AWS_CA_BUNDLE": self._endpoint.ca_bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._agent = Agent(folder, environ, self._folder / "agent.log")
        self._agent.ensure()

    def _stop_agent(self) -> None:
        if self._agent is not None:
            self._agent.stop()
            self._agent = None
        if self._credentials is not None:
            self._credentials.close()
            self._credentials = None


def _spec_of(cluster: HyperPodCluster, home: Home) -> SlurmClusterSpec | None:
    """None when there is no controller, or no node to run jobs on. OrchestratorFailed for a bad role."""
    running = list(cluster.running())
    controllers = [(group, node) for group, node in running if group.slurm_node_type == "Controller"]
    partitions: dict[str, list[Node]] = {}
    for group, node in running:
        if group.slurm_node_type == "Compute":
            has = node.capacity
            counted = Node(node.host_name, has.vcpus, has.gpus, has.memory_gib * 1024)
            for name in group.partitions:
                partitions.setdefault(name, []).append(counted)
    if not controllers or not partitions:
        return None
    group, node = controllers[0]
    try:
        role = execution_role(cluster, group)
    except ServiceError as error:
        raise OrchestratorFailed(error.message) from error
    layout = Layout(
        controller=node.host_name,
        partitions=tuple(Partition(name, tuple(sorted(nodes))) for name, nodes in sorted(partitions.items())),
    )
    return SlurmClusterSpec(
        name=cluster.name,
        layout=layout,
        source_uri=group.lifecycle.get("SourceS3Uri"),
        shared_folder=_shared_folder(group, home) or home.slurm / cluster.id / "shared",
        role=role,
        region=cluster.region,
        account_id=cluster.account_id,
    )


def _shared_folder(group: Group, home: Home) -> Path | None:
    """The folder of the group's FSx for Lustre file system; None when it mounts none."""
    for storage in group.specification.get("InstanceStorageConfigs", []):
        if "FsxLustreConfig" in storage:
            return home.file_systems / str(storage["FsxLustreConfig"]["DnsName"]).partition(".")[0]
    return None
