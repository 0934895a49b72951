"""EKS add-ons that are installed once there are nodes to run them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, Stack, aws_aps as aps, aws_eks as eks, aws_iam as iam
from constructs import Construct, IDependable

from components.artifact_bucket import ArtifactBucket
from components.eks.control_plane import ControlPlane
from components.permissions import acknowledge, allow

TRAINING_OPERATOR_POLICY = "AmazonSageMakerHyperPodTrainingOperatorAccess"


class AddOns(Construct):
    """The add-ons that the cluster's stack requests, with the roles of their pods.

    CloudFormation waits until an add-on is ACTIVE. An add-on that is a Deployment needs a node without taints
    that its pods do not tolerate.

    Roles are assigned by separate pod identity associations: those inside an add-on broke with the training
    operator's v1.2.1 (awsome-distributed-ai #1075).
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, control_plane: ControlPlane, nodes: CustomResource
    ) -> None:
        super().__init__(scope, construct_id)
        self._control_plane, self._nodes = control_plane, nodes

    def name_service(self) -> eks.CfnAddon:
        """Install CoreDNS in place of the self-managed one that EKS puts into every new cluster.

        Not for restricted nodes: AWS's script turns the self-managed Deployment into the DaemonSet
        `rig-coredns`, which tolerates their taint (lifecycle/charts/install.sh).
        """
        return self.add("Coredns", "coredns")

    def training_operator(self) -> None:
        """Install the operator of HyperPodPyTorchJob; cert-manager signs its webhooks' certificates."""
        role = self._role("TrainingOperatorRole", "HyperPod's training operator runs as this")
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(TRAINING_OPERATOR_POLICY))
        acknowledge(
            role,
            f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{TRAINING_OPERATOR_POLICY}]",
            because="The add-on is AWS's, and so is the list of what it calls",
        )
        identity = self._identity("aws-hyperpod", "hp-training-operator-controller-manager", role)
        operator = self.add("TrainingOperator", "amazon-sagemaker-hyperpod-training-operator")
        operator.node.add_dependency(self.certificates(), identity)

    def task_governance(self) -> eks.CfnAddon:
        """Install Kueue as HyperPod manages it; priorities and quotas depend on it."""
        return self.add("TaskGovernance", "amazon-sagemaker-hyperpod-taskgovernance")

    def certificates(self) -> eks.CfnAddon:
        """Install cert-manager, which signs the certificates of operators' webhooks."""
        return self.add("CertManager", "cert-manager")

    def served_models(self, bucket: ArtifactBucket) -> list[IDependable]:
        """Install what the inference operator needs: models mounted from the bucket, and metrics of pods."""
        role = self._role("ModelsRole", "Pods read the models that they serve as this")
        bucket.grant_serve(role)
        identity = self._identity("kube-system", "s3-csi-driver-sa", role)
        models = self.add("Models", "aws-mountpoint-s3-csi-driver")
        models.node.add_dependency(identity)
        return [models, self.add("Metrics", "metrics-server")]

    def file_systems(self) -> eks.CfnAddon:
        """Install the FSx for Lustre driver. Its controller has no role: stacks create file systems."""
        return self.add("FileSystems", "aws-fsx-csi-driver")

    def observability(self) -> None:
        """Collect metrics of nodes, accelerators and jobs in a Prometheus workspace of the cluster."""
        workspace = aps.CfnWorkspace(self, "Workspace", alias=Stack.of(self).stack_name)
        role = self._role("ObservabilityRole", "HyperPod's metrics collector runs as this")
        allow(role, "aps:RemoteWrite", on=[workspace.attr_arn])
        service_account = "hyperpod-observability-operator-otel-collector"
        identity = self._identity("hyperpod-observability", service_account, role)
        add_on = self.add(
            "Observability",
            "amazon-sagemaker-hyperpod-observability",
            {
                "ampWorkspace": {
                    "arn": workspace.attr_arn,
                    "prometheusEndpoint": workspace.attr_prometheus_endpoint,
                }
            },
        )
        add_on.node.add_dependency(identity)

    def add(
        self, construct_id: str, name: str, configuration: Mapping[str, Any] | None = None
    ) -> eks.CfnAddon:
        """Install an add-on once, however often it is requested."""
        existing = self.node.try_find_child(construct_id)
        if isinstance(existing, eks.CfnAddon):
            return existing
        add_on = eks.CfnAddon(
            self,
            construct_id,
            addon_name=name,
            cluster_name=self._control_plane.name,
            configuration_values=Stack.of(self).to_json_string(configuration) if configuration else None,
            resolve_conflicts="OVERWRITE",
        )
        add_on.node.add_dependency(self._nodes)
        return add_on

    def _role(self, construct_id: str, description: str) -> iam.Role:
        pods = iam.ServicePrincipal("pods.eks.amazonaws.com")
        role = iam.Role(self, construct_id, description=description, assumed_by=pods)
        assert role.assume_role_policy is not None
        role.assume_role_policy.add_statements(
            iam.PolicyStatement(principals=[pods], actions=["sts:TagSession"])
        )
        return role

    def _identity(
        self, namespace: str, service_account: str, role: iam.Role
    ) -> eks.CfnPodIdentityAssociation:
        identity = eks.CfnPodIdentityAssociation(
            self,
            f"{role.node.id.removesuffix('Role')}Identity",
            cluster_name=self._control_plane.name,
            namespace=namespace,
            service_account=service_account,
            role_arn=role.role_arn,
        )
        # Including its policies: pods use the role as soon as they run.
        identity.node.add_dependency(role)
        return identity
