"""The stack of a cluster that Slurm runs: its file systems, its queue, its nodes, and who hears of them."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Fn, Stack, aws_cloudwatch as cloudwatch, aws_sagemaker as sagemaker
from constructs import Construct

from atelier.training.slurm.cluster import SlurmCluster
from components.cluster.custom_resources import CustomResources
from components.cluster.guards import EVERY, Guards
from components.cluster.hyperpod_cluster import HyperPodCluster
from components.cluster.instance_groups import NodeSetup
from components.cluster.lifecycle_scripts import LifecycleScripts
from components.cluster.network import ClusterNetwork
from components.cluster.nodes import Nodes
from components.handlers import Handlers
from components.notice_topic import NoticeTopic
from components.operator_policy import OperatorPolicy
from components.retention import retention
from components.slurm.accounting import Accounting
from components.slurm.agent import entry_of, node_files
from components.slurm.job_queue import JobQueue
from components.slurm.node_roles import ControllerRole, SlurmNodeRole
from components.slurm.sessions import Sessions
from components.slurm.shared_storage import SharedStorage
from components.slurm.target import queue_name
from config.cluster import ClusterConfig, InstanceGroup, RestrictedGroup
from config.model import Environment
from config.slurm import NodeType, SlurmOrchestrator
from lambdas.cluster_metrics import SILENT_AGENT
from stacks.network import NetworkStack
from stacks.storage import StorageStack

Cfn = sagemaker.CfnCluster


class SlurmClusterStack(Stack):
    """Comes up in the order of the lines below, and goes in the reverse: docs/clusters.md, "On Slurm"."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        cluster: ClusterConfig,
        network: NetworkStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(
            scope,
            environment.stack_name(cluster.noun),
            env={"account": environment.account, "region": environment.region},
            termination_protection=not environment.data_may_be_destroyed,
        )
        assert isinstance(cluster.orchestrator, SlurmOrchestrator)
        bucket, key = storage.bucket, storage.key
        handlers = Handlers(
            self,
            "Handlers",
            platform=environment.functions,
            environ={},
            key=key,
            log_retention=retention(environment.log_retention_days),
        )
        nodes_network = ClusterNetwork(
            self,
            "Network",
            vpc=network.vpc,
            subnets=cluster.subnets,
            endpoint_group=network.endpoint_group,
        )
        files = SharedStorage(
            self,
            "Storage",
            orchestrator=cluster.orchestrator,
            subnet=cluster.subnets[0],
            network=nodes_network,
            bucket=bucket,
            key=key,
            removal=storage.data_removal,
        )
        # FSx tries the rules of the security group when it makes a file system, and refuses without them.
        files.node.add_dependency(nodes_network)
        queue = JobQueue(self, "Queue", name=queue_name(environment, cluster), key=key)
        roles = {
            NodeType.CONTROLLER: ControllerRole(
                self, "ControllerRole", cluster=cluster.name, bucket=bucket, storage=files, queue=queue
            )
        }
        node_role = SlurmNodeRole(self, "NodeRole", bucket=bucket, storage=files)
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
            accounting.grant_sign_in(roles[NodeType.CONTROLLER])
        scripts = LifecycleScripts(
            self,
            "LifecycleScripts",
            bucket=bucket,
            publisher=CustomResources(self, "PublishFiles", handlers=handlers),
            files=node_files(cluster, region=environment.region, bucket=bucket, queue=queue),
        )

        def setup(group: InstanceGroup | RestrictedGroup) -> NodeSetup:
            assert isinstance(group, InstanceGroup)
            assert group.slurm is not None
            return NodeSetup(
                role=roles.get(group.slurm.node_type, node_role),
                life_cycle=scripts.on_init_complete(entry_of(group)),
                file_systems=files.mounts,
            )

        hyperpod = HyperPodCluster(
            self,
            "HyperPod",
            name=f"{environment.cluster_name(cluster)}-{self._suffix()}",
            config=cluster,
            orchestrator=Cfn.OrchestratorProperty(
                slurm=Cfn.ClusterOrchestratorSlurmConfigProperty(
                    slurm_config_strategy=cluster.orchestrator.strategy,
                    accounting_database=accounting and accounting.database,
                )
            ),
            network=nodes_network,
            setup=setup,
        )
        hyperpod.after(nodes_network, queue, scripts.resource)
        nodes = Nodes(
            self,
            "Nodes",
            cluster=hyperpod,
            config=cluster,
            waiter=CustomResources(self, "AwaitNodes", handlers=handlers),
        )
        notices = NoticeTopic(self, "Notices", key=key, addresses=environment.notify)
        guards = Guards(
            self,
            "Guards",
            cluster=hyperpod,
            config=cluster,
            handlers=handlers,
            notices=notices,
            measure="MeasureSlurmCluster",
            event={
                "bucket": bucket.bucket.bucket_name,
                "configured_name": cluster.name,
                "silent_after_seconds": SlurmCluster.silent_after_seconds,
            },
        )
        bucket.grant_read_slurm_heartbeat(guards.function, cluster.name)
        guards.alarm(
            "SilentAgent",
            guards.metric(SILENT_AGENT),
            "has an agent that says nothing: no job of the line starts or ends there",
            lasting=Duration.minutes(10),
            # Where nothing is measured, MissingNodes rings.
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        guards.alarm(
            "UndeliverableJobs",
            queue.dead_letters.metric_approximate_number_of_messages_visible(period=EVERY),
            "has messages that its agent could not handle",
            lasting=EVERY,
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        # Before, there is no agent to hear of.
        guards.node.add_dependency(nodes.arrived)
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
        """Eight characters of this stack's id: a cluster made anew has a name of its own.

        Under its predecessor's, Slurm finds accounts of another cluster and stops (CLUSTER ID MISMATCH).
        """
        return Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", self.stack_id))))
