"""The stack of a HyperPod cluster on EKS: control plane, nodes, add-ons and monitoring."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnOutput, CustomResource
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
from components.pipeline.cluster_clients import ClusterClients
from config.cluster import ClusterConfig, EksOrchestrator
from config.file_systems import Lustre
from config.job_namespaces import job_namespaces
from config.job_storage import LINKS, WRITTEN, volume
from config.model import Environment
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class EksClusterStack(ClusterStack):
    """Creates resources in the order of `__init__` and deletes in reverse: docs/clusters.md, "Order"."""

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
        self._config, self._orchestrator = cluster, cluster.orchestrator
        self._bucket, self._key = storage.bucket, storage.key
        name = environment.cluster_name(cluster)
        self._nodes_network = self._add_network(network, pipeline.cluster_clients)
        self._control_plane = self._add_control_plane(name, network.subnet_ids)
        self._role = ExecutionRole(
            self,
            "ExecutionRole",
            bucket=self._bucket,
            control_plane=self._control_plane.cluster,
            is_restricted=cluster.is_restricted,
        )
        self._access = self._add_access(pipeline.cluster_clients)
        self._hyperpod = self._add_hyperpod(name)
        self._nodes = Nodes(
            self,
            "Nodes",
            cluster=self._hyperpod,
            config=cluster,
            waiter=CustomResources(self, "AwaitNodes", functions=self.functions),
        )
        self._add_ons = self._add_add_ons()
        self._namespaces = job_namespaces(cluster)
        objects = ClusterObjects(
            self,
            "Objects",
            control_plane=self._control_plane,
            access=self._access,
            functions=self.functions,
        )
        access_of_jobs = self._add_job_access(objects)
        if self._orchestrator.lustre:
            self._add_job_storage(objects, self._orchestrator.lustre, access_of_jobs)
        if cluster.inference_operator:
            InferenceOperator(
                self,
                "Inference",
                control_plane=self._control_plane,
                cluster=self._hyperpod,
                add_ons=self._add_ons,
                bucket=self._bucket,
            )
        # Without its Role the function may not list pods, and alarms would ring until the nodes arrive.
        self._add_monitoring().node.add_dependency(access_of_jobs)

        CfnOutput(self, "ClusterName", value=self._hyperpod.name)
        CfnOutput(self, "EksClusterName", value=self._control_plane.name)
        CfnOutput(self, "ExecutionRoleArn", value=self._role.role_arn)

    def _add_network(self, network: NetworkStack, clients: ClusterClients) -> ClusterNetwork:
        nodes_network = ClusterNetwork(
            self,
            "Network",
            vpc=network.vpc,
            subnets=self._config.subnets,
            endpoint_group=network.endpoint_group,
        )
        if clients.network:
            nodes_network.admit_functions(clients.network.security_group)
        return nodes_network

    def _add_control_plane(self, name: str, subnet_ids: Sequence[str]) -> ControlPlane:
        control_plane = ControlPlane(
            self,
            "ControlPlane",
            name=name,
            orchestrator=self._orchestrator,
            subnet_ids=subnet_ids,
            nodes=self._nodes_network.security_group,
            key=self._key,
            log_retention=self.log_retention,
        )
        # EKS takes hours to notice an address block that is added to the VPC after the EKS cluster exists.
        control_plane.node.add_dependency(self._nodes_network)
        return control_plane

    def _add_access(self, clients: ClusterClients) -> ClusterAccess:
        access = ClusterAccess(
            self,
            "Access",
            control_plane=self._control_plane,
            administrators=self._orchestrator.administrators,
        )
        for function in clients.functions:
            access.grant_submit_jobs(function)
        return access

    def _add_hyperpod(self, name: str) -> HyperPodCluster:
        before: list[IDependable] = [
            self._access.admit_nodes(self._role),
            *self._control_plane.base_add_ons,
        ]
        if self._orchestrator.charts:
            before.append(self._install_charts())
        setup = NodeSetup(self._role)
        if not self._config.is_restricted:
            scripts = LifecycleScripts(
                self,
                "LifecycleScripts",
                bucket=self._bucket,
                publisher=CustomResources(self, "PublishFiles", functions=self.functions),
                files=scripts_of("eks"),
            )
            setup = NodeSetup(self._role, life_cycle=scripts.on_create("on_create.sh"))
            before.append(scripts.resource)
        hyperpod = HyperPodCluster(
            self,
            "HyperPod",
            name=name,
            config=self._config,
            orchestrator=self._control_plane.orchestrator,
            network=self._nodes_network,
            setup=lambda _group: setup,
        )
        hyperpod.after(*before)
        return hyperpod

    def _install_charts(self) -> CustomResource:
        charts = Charts(
            self,
            "Charts",
            control_plane=self._control_plane,
            builds=CustomResources(self, "RunBuild", functions=self.functions),
            key=self._key,
            log_retention=self.log_retention,
            is_restricted=self._config.is_restricted,
            image_registry=self._orchestrator.image_registry,
        )
        dependencies = charts.dependencies()
        installer = self._access.admit_administrator("Installer", charts.role)
        dependencies.node.add_dependency(installer, *self._control_plane.base_add_ons)
        return dependencies

    def _add_add_ons(self) -> AddOns:
        add_ons = AddOns(self, "AddOns", control_plane=self._control_plane, nodes=self._nodes.arrived)
        if not self._config.is_restricted:
            add_ons.name_service()
        if self._config.training_operator:
            add_ons.training_operator()
        if self._config.observability:
            add_ons.observability()
        return add_ons

    def _add_job_access(self, objects: ClusterObjects) -> CustomResource:
        """Namespaces of jobs and the Roles in them; quotas create the namespaces of teams."""
        with_services = self._orchestrator.services
        access = objects.resource("JobAccess", job_access(self._namespaces, with_services=with_services))
        access.node.add_dependency(self._nodes.arrived)
        if self._config.task_governance:
            governance = Governance(
                self,
                "Governance",
                cluster=self._hyperpod,
                rules=self._config.task_governance,
                add_on=self._add_ons.task_governance(),
            )
            access.node.add_dependency(*governance.quotas)
        return access

    def _add_job_storage(self, objects: ClusterObjects, lustre: Lustre, access: CustomResource) -> None:
        """The file system that jobs share, and its claim in the first namespace of jobs."""
        files = LinkedFileSystem(
            self,
            "JobStorage",
            lustre=lustre,
            bucket=self._bucket,
            key=self._key,
            subnet_id=self._nodes_network.subnet_ids[self._config.subnets[0].zone_id],
            security_group=self._nodes_network.security_group,
            links=LINKS,
            written=WRITTEN,
        )
        claim = objects.resource(
            "JobStorage",
            volume(
                next(iter(self._namespaces)),
                file_system_id=files.file_system.ref,
                dns_name=files.file_system.attr_dns_name,
                mount_name=files.file_system.attr_lustre_mount_name,
                size_gib=lustre.size_gib,
            ),
        )
        claim.node.add_dependency(access, self._add_ons.file_systems(), *files.links)

    def _add_monitoring(self) -> ClusterMonitoring:
        monitoring = ClusterMonitoring(
            self,
            "Guards",
            cluster=self._hyperpod,
            config=self._config,
            functions=self.functions,
            notices=self.notices,
            measure="MeasureCluster",
            event={"namespaces": [*self._namespaces]},
        )
        self._access.grant_watch(monitoring.function)
        return monitoring
