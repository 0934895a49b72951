"""The stack of a cluster that Kubernetes runs: its control plane, its nodes, and who hears of them."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct, IDependable

from components.eks.access import ClusterAccess
from components.eks.add_ons import AddOns
from components.eks.charts import Charts
from components.eks.cluster_objects import ClusterObjects
from components.eks.control_plane import ControlPlane
from components.eks.execution_role import ExecutionRole
from components.eks.governance import Governance
from components.eks.inference import InferenceOperator
from components.eks.job_access import job_access
from components.hyperpod.cluster_monitoring import ClusterMonitoring
from components.hyperpod.custom_resources import CustomResources
from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.hyperpod.instance_groups import NodeSetup
from components.hyperpod.lifecycle_scripts import LifecycleScripts, scripts_of
from components.hyperpod.linked_file_system import LinkedFileSystem
from components.hyperpod.network import ClusterNetwork
from components.hyperpod.nodes import Nodes
from config.cluster import ClusterConfig, EksOrchestrator
from config.job_namespaces import job_namespaces
from config.job_storage import LINKS, WRITTEN, volume
from config.model import Environment
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class EksClusterStack(ClusterStack):
    """Comes up in the order of the lines below, and goes in the reverse: docs/clusters.md, "Order"."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        cluster: ClusterConfig,
        network: NetworkStack,
        storage: StorageStack,
        pipeline: PipelineStack,
    ) -> None:
        super().__init__(scope, environment=environment, cluster=cluster, storage=storage)
        assert isinstance(cluster.orchestrator, EksOrchestrator)
        bucket, key, handlers = storage.bucket, storage.key, self.handlers
        nodes_network = ClusterNetwork(
            self,
            "Network",
            vpc=network.vpc,
            subnets=cluster.subnets,
            endpoint_group=network.endpoint_group,
        )
        if pipeline.cluster_clients.network:
            nodes_network.admit_functions(pipeline.cluster_clients.network.security_group)
        control_plane = ControlPlane(
            self,
            "ControlPlane",
            name=environment.cluster_name(cluster),
            orchestrator=cluster.orchestrator,
            subnet_ids=network.subnet_ids,
            nodes=nodes_network.security_group,
            key=key,
            log_retention=self.log_retention,
        )
        # An EKS cluster takes hours to notice a block of addresses that its VPC was given after it was made.
        control_plane.node.add_dependency(nodes_network)
        role = ExecutionRole(
            self,
            "ExecutionRole",
            bucket=bucket,
            control_plane=control_plane.cluster,
            is_restricted=cluster.is_restricted,
        )
        access = ClusterAccess(
            self,
            "Access",
            control_plane=control_plane,
            administrators=cluster.orchestrator.administrators,
        )
        for function in pipeline.cluster_clients.functions:
            access.grant_submit_jobs(function)
        before: list[IDependable] = [access.admit_nodes(role), *control_plane.base_add_ons]
        if cluster.orchestrator.charts:
            charts = Charts(
                self,
                "Charts",
                control_plane=control_plane,
                builds=CustomResources(self, "RunBuild", handlers=handlers),
                key=key,
                log_retention=self.log_retention,
                is_restricted=cluster.is_restricted,
                image_registry=cluster.orchestrator.image_registry,
            )
            dependencies = charts.dependencies()
            installer = access.admit_administrator("Installer", charts.role)
            dependencies.node.add_dependency(installer, *control_plane.base_add_ons)
            before.append(dependencies)
        setup = NodeSetup(role)
        if not cluster.is_restricted:
            scripts = LifecycleScripts(
                self,
                "LifecycleScripts",
                bucket=bucket,
                publisher=CustomResources(self, "PublishFiles", handlers=handlers),
                files=scripts_of("eks"),
            )
            setup = NodeSetup(role, life_cycle=scripts.on_create("on_create.sh"))
            before.append(scripts.resource)
        hyperpod = HyperPodCluster(
            self,
            "HyperPod",
            name=environment.cluster_name(cluster),
            config=cluster,
            orchestrator=control_plane.orchestrator,
            network=nodes_network,
            setup=lambda _group: setup,
        )
        hyperpod.after(*before)
        nodes = Nodes(
            self,
            "Nodes",
            cluster=hyperpod,
            config=cluster,
            waiter=CustomResources(self, "AwaitNodes", handlers=handlers),
        )
        add_ons = AddOns(self, "AddOns", control_plane=control_plane, nodes=nodes.arrived)
        if not cluster.is_restricted:
            add_ons.name_service()
        if cluster.training_operator:
            add_ons.training_operator()
        if cluster.observability:
            add_ons.observability()
        namespaces = job_namespaces(cluster)
        objects = ClusterObjects(
            self, "Objects", control_plane=control_plane, access=access, handlers=handlers
        )
        let_in = objects.resource(
            "JobAccess", job_access(namespaces, with_services=cluster.orchestrator.services)
        )
        let_in.node.add_dependency(nodes.arrived)
        if cluster.task_governance:
            governance = Governance(
                self,
                "Governance",
                cluster=hyperpod,
                rules=cluster.task_governance,
                add_on=add_ons.task_governance(),
            )
            let_in.node.add_dependency(*governance.quotas)
        if cluster.orchestrator.lustre:
            files = LinkedFileSystem(
                self,
                "JobStorage",
                lustre=cluster.orchestrator.lustre,
                bucket=bucket,
                key=key,
                subnet_id=nodes_network.subnet_ids[cluster.subnets[0].zone_id],
                security_group=nodes_network.security_group,
                links=LINKS,
                written=WRITTEN,
            )
            claim = objects.resource(
                "JobStorage",
                volume(
                    next(iter(namespaces)),
                    file_system_id=files.file_system.ref,
                    dns_name=files.file_system.attr_dns_name,
                    mount_name=files.file_system.attr_lustre_mount_name,
                    size_gib=cluster.orchestrator.lustre.size_gib,
                ),
            )
            claim.node.add_dependency(let_in, add_ons.file_systems(), *files.links)
        if cluster.inference_operator:
            InferenceOperator(
                self,
                "Inference",
                control_plane=control_plane,
                cluster=hyperpod,
                add_ons=add_ons,
                bucket=bucket,
            )
        monitoring = ClusterMonitoring(
            self,
            "Guards",
            cluster=hyperpod,
            config=cluster,
            handlers=handlers,
            notices=self.notices,
            measure="MeasureCluster",
            event={"namespaces": [*namespaces]},
        )
        access.grant_watch(monitoring.function)
        # Before, there is nothing to count, and nobody may list pods: alarms would ring for half an hour.
        monitoring.node.add_dependency(let_in)

        CfnOutput(self, "ClusterName", value=hyperpod.name)
        CfnOutput(self, "EksClusterName", value=control_plane.name)
        CfnOutput(self, "ExecutionRoleArn", value=role.role_arn)
