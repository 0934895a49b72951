"""The stack of a HyperPod cluster with Slurm: file system, queue, nodes and monitoring."""

from __future__ import annotations

from aws_cdk import CfnOutput, Fn
from constructs import Construct

from components.hyperpod.cluster_monitoring import ClusterMonitoring
from components.hyperpod.custom_resources import CustomResources
from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.hyperpod.lifecycle_scripts import LifecycleScripts
from components.hyperpod.nodes import Nodes
from components.operator_policy import OperatorPolicy
from components.slurm.accounting import Accounting
from components.slurm.agent import node_files
from components.slurm.agent_alarms import MEASURE, add_agent_alarms, measured
from components.slurm.job_queue import JobQueue
from components.slurm.node_roles import ControllerRole, SlurmNodeRole
from components.slurm.orchestration import SlurmNodes, slurm_orchestrator
from components.slurm.sessions import Sessions
from components.slurm.shared_storage import SharedStorage
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import SlurmOrchestrator
from config.slurm_job_cluster import queue_name
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.slurm_homes import SlurmHomesStack
from stacks.storage import StorageStack


class SlurmClusterStack(ClusterStack):
    """Creates resources in the order of `__init__` and deletes in reverse: docs/clusters.md, "On Slurm"."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        cluster: ClusterConfig,
        network: NetworkStack,
        storage: StorageStack,
        homes: SlurmHomesStack,
    ) -> None:
        super().__init__(scope, environment=environment, cluster=cluster, storage=storage)
        assert isinstance(cluster.orchestrator, SlurmOrchestrator)
        bucket, key, functions, nodes_network = (
            storage.bucket,
            storage.key,
            self.functions,
            homes.nodes_network,
        )
        files = SharedStorage(
            self,
            "Storage",
            lustre=cluster.orchestrator.lustre,
            homes=homes.homes,
            subnet=cluster.subnets[0],
            network=nodes_network,
            bucket=bucket,
            key=key,
        )
        queue = JobQueue(self, "Queue", name=queue_name(environment, cluster), key=key)
        controller_role = ControllerRole(
            self, "ControllerRole", cluster=cluster.name, bucket=bucket, storage=files, queue=queue
        )
        accounting = None
        if cluster.orchestrator.accounting:
            accounting = Accounting(
                self,
                "Accounting",
                database=cluster.orchestrator.accounting,
                subnet_ids=network.subnet_ids,
                nodes=nodes_network.security_group,
                key=key,
                removal=storage.data_removal,
            )
            accounting.grant_sign_in(controller_role)
        scripts = LifecycleScripts(
            self,
            "LifecycleScripts",
            bucket=bucket,
            publisher=CustomResources(self, "PublishFiles", functions=functions),
            files=node_files(cluster, region=environment.region, bucket=bucket, queue=queue),
        )
        slurm_nodes = SlurmNodes(
            controller_role,
            SlurmNodeRole(self, "NodeRole", bucket=bucket, storage=files),
            scripts,
            files,
        )
        hyperpod = HyperPodCluster(
            self,
            "HyperPod",
            name=f"{environment.cluster_name(cluster)}-{self._suffix()}",
            config=cluster,
            orchestrator=slurm_orchestrator(cluster.orchestrator.strategy, accounting),
            network=nodes_network,
            setup=slurm_nodes.setup,
        )
        hyperpod.after(queue, scripts.resource)
        nodes = Nodes(
            self,
            "Nodes",
            cluster=hyperpod,
            config=cluster,
            waiter=CustomResources(self, "AwaitNodes", functions=functions),
        )
        monitoring = ClusterMonitoring(
            self,
            "Guards",
            cluster=hyperpod,
            config=cluster,
            functions=functions,
            notices=self.notices,
            measure=MEASURE,
            event=measured(cluster, bucket),
        )
        add_agent_alarms(monitoring, cluster=cluster, bucket=bucket, queue=queue)
        # Without nodes there is no agent, and alarms would fire.
        monitoring.node.add_dependency(nodes.arrived)
        sessions = Sessions(self, "Sessions", cluster=hyperpod)
        operators = OperatorPolicy(
            self, "Operators", description="Sign in to a Slurm cluster of Atelier, and see its jobs"
        )
        sessions.grant_open(operators)
        bucket.grant_follow_slurm_jobs(operators, cluster.name)

        CfnOutput(self, "ClusterName", value=hyperpod.name)
        CfnOutput(self, "ClusterArn", value=hyperpod.cluster.attr_cluster_arn)
        CfnOutput(self, "SessionDocument", value=sessions.document.ref)

    def _suffix(self) -> str:
        """Eight characters of this stack's id, so that a recreated cluster gets a new name.

        With its predecessor's name, Slurm finds accounts of another cluster and stops (CLUSTER ID MISMATCH).
        """
        return Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", self.stack_id))))
