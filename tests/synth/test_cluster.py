"""The stack of a cluster on EKS: order of resources, access, and configured nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import build
from atelier.names import CLUSTER_TAG
from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.eks.resources import role_rules
from components.eks import charts, inference
from components.eks.access import JOBS_GROUP, WATCH_GROUP
from components.eks.job_access import WATCH_RULES, job_access
from components.hyperpod import lifecycle_scripts
from config.cluster import EksOrchestrator, TaskGovernance
from config.environments.dev import DEV
from config.environments.prod import PROD
from config.environments.staging import STAGING
from config.job_clusters import job_clusters
from config.job_namespaces import job_namespaces
from tests.fixtures.resources import Resources
from tests.fixtures.synthesis import Synthesis, synthesise
from tests.synth.test_permissions import statements

pytestmark = pytest.mark.synth

NOVA, OPEN_WEIGHTS = "NovaCluster", "OpenWeightsCluster"
CLIENT_ROLES = {
    f"<Handlers{name}Role>"
    for name in ("PublishReport", "ReleaseRun", "RollBack", "Settle", "SubmitEvaluation", "SubmitTrainingJob")
}
CLIENT_GROUP = "<ClusterClientsNetworkGroup>"


@pytest.fixture
def prod(rendered: Callable[[str], Synthesis]) -> Synthesis:
    return rendered(PROD.name)


@pytest.fixture
def staging(rendered: Callable[[str], Synthesis]) -> Synthesis:
    return rendered(STAGING.name)


def applied(synthesis: Synthesis, suffix: str, name: str) -> list[dict[str, Any]]:
    """The Kubernetes objects of a resource, with references as names."""
    texts = Resources(synthesis.templates[suffix]).named(name)["Properties"]["Objects"]
    return [json.loads(synthesis.flat(text)) for text in texts]


@pytest.mark.parametrize("suffix", [NOVA, OPEN_WEIGHTS])
def test_a_cluster_comes_after_everything_that_creating_it_looks_for(prod: Synthesis, suffix: str) -> None:
    resources = Resources(prod.templates[suffix])
    before = resources.before("HyperPodCluster")
    assert {
        "ExecutionRole",
        "ExecutionRoleDefaultPolicy",
        "AccessNodes",
        "AccessInstaller",
        "ChartsDependencies",
        "ControlPlaneVpcCni",
        "ControlPlaneEksPodIdentityAgent",
    } <= before
    # The cluster does not refer to them; a node that starts without them has no network.
    for part in ("Routes", "NodesfromAtelier", "NodestoAtelier", "ToEndpoints"):
        assert any(name.startswith(f"Network{part}") for name in before), part
    assert any(name.startswith("NetworkBlock") for name in resources.before("ControlPlaneCluster"))
    assert "NodesArrived" not in before
    assert ("LifecycleScriptsFiles" in before) == (suffix == OPEN_WEIGHTS)


@pytest.mark.parametrize("suffix", [NOVA, OPEN_WEIGHTS])
def test_a_node_s_services_come_after_the_nodes(prod: Synthesis, suffix: str) -> None:
    resources = Resources(prod.templates[suffix])
    assert "HyperPodCluster" in resources.before("NodesArrived")
    late = [name for name in resources.of_type("AWS::EKS::Addon") if name.startswith("AddOns")]
    assert ("AddOnsCoredns" in late) == (suffix == OPEN_WEIGHTS)
    for name in [*late, "ObjectsJobAccess"]:
        assert "NodesArrived" in resources.before(name), name


def test_nobody_is_alarmed_by_a_cluster_that_is_still_coming_up(prod: Synthesis) -> None:
    for suffix in (NOVA, OPEN_WEIGHTS):
        resources = Resources(prod.templates[suffix])
        for resource in ("GuardsMissingNodes", "GuardsEveryFiveMinutes"):
            assert {"NodesArrived", "ObjectsJobAccess"} <= resources.before(resource)


def test_quotas_follow_priorities_and_make_the_namespaces_of_jobs(prod: Synthesis) -> None:
    resources = Resources(prod.templates[OPEN_WEIGHTS])
    assert {"AddOnsTaskGovernance", "NodesArrived"} <= resources.before("GovernancePriorities")
    assert "GovernancePriorities" in resources.before("GovernanceQuotaatelier")
    assert "GovernanceQuotaatelier" in resources.before("ObjectsJobAccess")


def test_the_training_operator_finds_its_certificates_and_its_role(prod: Synthesis) -> None:
    before = Resources(prod.templates[OPEN_WEIGHTS]).before("AddOnsTrainingOperator")
    assert {"AddOnsCertManager", "AddOnsTrainingOperatorIdentity", "AddOnsTrainingOperatorRole"} <= before


def test_restricted_groups_stand_alone(prod: Synthesis) -> None:
    resources = Resources(prod.templates[NOVA])
    cluster = resources.named("HyperPodCluster")["Properties"]
    (group,) = cluster["RestrictedInstanceGroups"]
    assert "InstanceGroups" not in cluster
    assert "NodeProvisioningMode" not in cluster
    assert group["InstanceType"] == "ml.p5.48xlarge"
    assert "LifeCycleConfig" not in group
    assert cluster["RestrictedInstanceGroupsConfig"]["SharedEnvironmentConfig"] == {
        "FSxLustreConfig": {"PerUnitStorageThroughput": 250, "SizeInGiB": 4800},
        "FSxLustreDeletionPolicy": "DeleteIfNotUsed",
    }
    assert set(resources.of_type("AWS::EKS::Addon")) == {
        "ControlPlaneEksPodIdentityAgent",
        "ControlPlaneKubeProxy",
        "ControlPlaneVpcCni",
    }


def has_a_node_without_taints(cluster: Mapping[str, Any]) -> bool:
    """Whether a pod without tolerations finds a node; every node of a restricted group has a taint."""
    return any(
        group.get("MinInstanceCount", group["InstanceCount"])
        and all(
            taint["Effect"] == "PreferNoSchedule"
            for taint in group.get("KubernetesConfig", {}).get("Taints", [])
        )
        for group in cluster.get("InstanceGroups", [])
    )


def test_every_add_on_has_a_node_that_its_pods_tolerate(every: Synthesis) -> None:
    """CloudFormation waits until an add-on is ACTIVE, and it is DEGRADED while its pods are pending."""
    # A DaemonSet creates no pod for a node whose taints the pod does not tolerate.
    daemon_sets = {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}
    waiting = {}
    for suffix, template in every.templates.items():
        resources = Resources(template)
        for cluster in resources.of_type("AWS::SageMaker::Cluster").values():
            add_ons = {each["AddonName"] for each in resources.of_type("AWS::EKS::Addon").values()}
            waiting[suffix] = set() if has_a_node_without_taints(cluster) else add_ons - daemon_sets
    assert waiting
    assert not any(waiting.values()), waiting


def test_restricted_clusters_keep_the_self_managed_core_dns(every: Synthesis) -> None:
    """AWS's script makes `rig-coredns` from it, and refuses a cluster without it."""
    for template in every.templates.values():
        for cluster in Resources(template).of_type("AWS::EKS::Cluster").values():
            assert cluster.get("BootstrapSelfManagedAddons", True)


def test_standard_groups_are_as_configured(dev: Synthesis) -> None:
    cluster = Resources(dev.templates[OPEN_WEIGHTS]).named("HyperPodCluster")["Properties"]
    system, training = cluster["InstanceGroups"]
    assert cluster["ClusterName"] == "atelier-dev-open-weights"
    assert cluster["NodeProvisioningMode"] == "Continuous"
    assert (system["InstanceType"], system["InstanceCount"]) == ("ml.c5.4xlarge", 1)
    assert training["InstanceRequirements"] == {"InstanceTypes": ["ml.g6.12xlarge", "ml.g5.12xlarge"]}
    assert (training["InstanceCount"], training["MinInstanceCount"]) == (1, 0)
    assert training["CapacityRequirements"] == {"Spot": {}}
    assert training["InstanceStorageConfigs"] == [
        {"EbsVolumeConfig": {"RootVolume": False, "VolumeSizeInGB": 500}}
    ]
    assert training["LifeCycleConfig"]["OnCreate"] == "on_create.sh"


def test_karpenter_has_a_role_of_its_own_and_checkpoints_a_share_of_memory(tmp_path: Path) -> None:
    standard = DEV.clusters[0]
    scaled = replace(standard, karpenter=True, tiered_storage_percent=40)
    synthesis = synthesise(replace(DEV, clusters=(scaled,)), tmp_path)
    resources = Resources(synthesis.templates[OPEN_WEIGHTS])
    cluster = resources.named("HyperPodCluster")["Properties"]
    assert cluster["AutoScaling"] == {"AutoScalerType": "Karpenter", "Mode": "Enable"}
    assert synthesis.flat(cluster["ClusterRole"]) == "<HyperPodScalingRole>"
    assert "HyperPodScalingRoleDefaultPolicy" in resources.before("HyperPodCluster")
    assert cluster["TieredStorageConfig"] == {"InstanceMemoryAllocationPercentage": 40, "Mode": "Enable"}


def test_the_wait_asks_for_what_each_group_needs_at_least(dev: Synthesis) -> None:
    arrived = Resources(dev.templates[OPEN_WEIGHTS]).named("NodesArrived")["Properties"]
    assert arrived["LeastCounts"] == {"system": "1", "training": "0"}
    assert arrived["ServiceTimeout"] == "3600"


def test_nodes_lie_in_a_zone_by_its_id_beside_the_network_s_block(dev: Synthesis) -> None:
    resources = Resources(dev.templates[OPEN_WEIGHTS])
    (subnet,) = resources.of_type("AWS::EC2::Subnet").values()
    (block,) = resources.of_type("AWS::EC2::VPCCidrBlock").values()
    (configured,) = DEV.clusters[0].subnets
    assert (subnet["AvailabilityZoneId"], subnet["CidrBlock"]) == (configured.zone_id, configured.cidr)
    assert block["CidrBlock"] == configured.cidr
    assert {"Key": "kubernetes.io/role/internal-elb", "Value": "1"} in subnet["Tags"]


def test_the_control_plane_admits_by_access_entries_alone_and_keeps_its_logs_and_secrets(
    prod: Synthesis,
) -> None:
    public = {NOVA: False, OPEN_WEIGHTS: True}
    for suffix, is_private_too in public.items():
        plane = Resources(prod.templates[suffix]).named("ControlPlaneCluster")["Properties"]
        assert plane["AccessConfig"] == {
            "AuthenticationMode": "API",
            "BootstrapClusterCreatorAdminPermissions": False,
        }
        assert plane["EncryptionConfig"][0]["Resources"] == ["secrets"]
        assert len(plane["Logging"]["ClusterLogging"]["EnabledTypes"]) == 5
        assert plane["ResourcesVpcConfig"]["EndpointPrivateAccess"] is is_private_too
        assert plane["ResourcesVpcConfig"]["EndpointPublicAccess"] is True


def test_only_what_makes_roles_and_named_people_administer(prod: Synthesis) -> None:
    for suffix in (NOVA, OPEN_WEIGHTS):
        entries = Resources(prod.templates[suffix]).of_type("AWS::EKS::AccessEntry")
        administering = {name for name, entry in entries.items() if "AccessPolicies" in entry}
        assert administering == {"AccessInstaller", "AccessApplyObjects"}
        assert entries["AccessNodes"]["Type"] == "HYPERPOD_LINUX"


def test_the_functions_that_submit_jobs_are_one_group_and_nothing_else(prod: Synthesis) -> None:
    for suffix in (NOVA, OPEN_WEIGHTS):
        entries = Resources(prod.templates[suffix]).of_type("AWS::EKS::AccessEntry").values()
        admitted = [entry for entry in entries if JOBS_GROUP in entry.get("KubernetesGroups", [])]
        assert {prod.flat(entry["PrincipalArn"]) for entry in admitted} == CLIENT_ROLES
        for entry in admitted:
            assert entry["Type"] == "STANDARD"
            assert "AccessPolicies" not in entry


def test_functions_that_reach_clusters_are_in_the_network_and_the_clusters_let_them_in(
    prod: Synthesis,
) -> None:
    inside = {
        prod.flat(function["Properties"]["Role"]): function["Properties"]["VpcConfig"]["SecurityGroupIds"]
        for function in prod.resources("AWS::Lambda::Function")
        if "VpcConfig" in function["Properties"]
    }
    assert inside.keys() == CLIENT_ROLES
    assert {prod.flat(group) for groups in inside.values() for group in groups} == {CLIENT_GROUP}
    for suffix in (NOVA, OPEN_WEIGHTS):
        rules = Resources(prod.templates[suffix]).of_type("AWS::EC2::SecurityGroupIngress")
        rule = rules["NetworkFromFunctions"]
        assert (prod.flat(rule["SourceSecurityGroupId"]), rule["FromPort"]) == (CLIENT_GROUP, 443)
        assert prod.flat(rule["GroupId"]) == "<NetworkNodes>"


def test_the_pipeline_refers_to_no_cluster_s_stack_and_knows_their_names(prod: Synthesis) -> None:
    pipeline = json.dumps(prod.templates["Pipeline"])
    for suffix in (NOVA, OPEN_WEIGHTS):
        assert f"Atelier-Prod-{suffix}:" not in pipeline
    for name in ("atelier-prod-nova", "atelier-prod-open-weights"):
        assert f":cluster/{name}" in pipeline


def test_the_pipeline_s_settings_name_the_clusters_as_their_stacks_do(prod: Synthesis) -> None:
    every = job_clusters(PROD, bucket="artifacts")
    known = {target.name: target for target in every if isinstance(target, Cluster)}
    for suffix in (NOVA, OPEN_WEIGHTS):
        resources = Resources(prod.templates[suffix])
        name = resources.named("HyperPodCluster")["Properties"]["ClusterName"]
        assert resources.named("ControlPlaneCluster")["Properties"]["Name"] == name
        assert known.pop(name).is_restricted == (suffix == NOVA)
    assert known == {}


def test_every_function_s_environment_fits_into_lambda_s_four_kilobytes(every: Synthesis) -> None:
    for function in every.resources("AWS::Lambda::Function"):
        variables = function["Properties"].get("Environment", {}).get("Variables", {})
        # References are names of at most 64 characters where they end up, ARNs of some 150.
        size = sum(len(name) + len(every.flat(value)) for name, value in variables.items())
        assert size < 3000


def test_eks_s_log_group_is_there_before_eks_would_make_its_own(prod: Synthesis) -> None:
    resources = Resources(prod.templates[NOVA])
    group = resources.named("ControlPlaneLog")["Properties"]
    assert group["LogGroupName"] == "/aws/eks/atelier-prod-nova/cluster"
    assert {"KmsKeyId", "RetentionInDays"} <= group.keys()
    assert "ControlPlaneLog" in resources.before("ControlPlaneCluster")


def test_the_roles_of_the_groups_are_for_jobs_alone(every: Synthesis) -> None:
    for cluster in every.environment.clusters:
        if not isinstance(cluster.orchestrator, EksOrchestrator):
            continue
        objects = applied(every, cluster.suffix, "ObjectsJobAccess")
        rules = {
            (each["metadata"]["namespace"], each["metadata"]["name"]): each["rules"]
            for each in objects
            if each["kind"] == "Role"
        }
        assert rules == {
            (namespace, group): allowed
            for namespace in job_namespaces(cluster)
            for group, allowed in ((JOBS_GROUP, role_rules()), (WATCH_GROUP, WATCH_RULES))
        }
    every_rule = [*role_rules(), *WATCH_RULES]
    touched = {resource for rule in every_rule for resource in rule["resources"]}
    assert touched.isdisjoint({"secrets", "pods/exec", "serviceaccounts", "roles", "nodes", "*"})
    assert "*" not in {verb for rule in every_rule for verb in rule["verbs"]}


def test_a_group_is_bound_to_its_role_in_its_namespace() -> None:
    namespace, role, binding, *others = job_access({"atelier": True})
    assert [each["kind"] for each in others] == ["Role", "RoleBinding"]
    assert [each["kind"] for each in (namespace, role, binding)] == ["Namespace", "Role", "RoleBinding"]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == namespace["metadata"]["name"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    (subject,) = binding["subjects"]
    assert (subject["kind"], subject["name"]) == ("Group", JOBS_GROUP)


def test_jobs_bring_services_where_their_cluster_says_so_and_nowhere_else() -> None:
    (nova,) = (cluster for cluster in PROD.clusters if cluster.name == "nova")
    assert isinstance(nova.orchestrator, EksOrchestrator)
    open_hearted = replace(nova, orchestrator=replace(nova.orchestrator, services=True))
    (target,) = job_clusters(replace(PROD, clusters=(open_hearted,)), bucket="artifacts")
    assert isinstance(target, Cluster)
    assert target.allows_services
    closed = [each for each in job_clusters(PROD, bucket="b") if isinstance(each, Cluster)]
    assert not any(each.allows_services for each in closed)
    _, role, *_ = job_access({"kubeflow": True}, with_services=True)
    assert role["rules"] == role_rules(with_services=True) != role_rules()


def test_whoever_applies_objects_is_an_administrator_before_and_after(prod: Synthesis) -> None:
    resources = Resources(prod.templates[NOVA])
    entry = resources.named("AccessApplyObjects")["Properties"]
    assert prod.flat(entry["PrincipalArn"]) == "<HandlersApplyObjectsRole>"
    (policy,) = entry["AccessPolicies"]
    assert prod.flat(policy["PolicyArn"]).endswith("/AmazonEKSClusterAdminPolicy")
    assert "AccessApplyObjects" in resources.before("ObjectsJobAccess")


def test_where_others_install_the_charts_nothing_is_built_and_jobs_still_have_a_namespace(
    local: Synthesis,
) -> None:
    resources = Resources(local.templates[NOVA])
    assert resources.of_type("AWS::CodeBuild::Project") == {}
    assert "AccessInstaller" not in resources.of_type("AWS::EKS::AccessEntry")
    assert resources.of_type("AWS::Budgets::Budget") == {}
    (namespace,) = (
        each["metadata"]["name"]
        for each in applied(local, NOVA, "ObjectsJobAccess")
        if each["kind"] == "Namespace"
    )
    assert namespace == "kubeflow"


def test_jobs_of_open_weights_find_the_bucket_s_files_on_a_volume(dev: Synthesis) -> None:
    resources = Resources(dev.templates[OPEN_WEIGHTS])
    volume, claim = applied(dev, OPEN_WEIGHTS, "ObjectsJobStorage")
    assert volume["spec"]["csi"] == {
        "driver": "fsx.csi.aws.com",
        "volumeHandle": "<JobStorageLustre>",
        "volumeAttributes": {"dnsname": "<JobStorageLustre>", "mountname": "<JobStorageLustre>"},
    }
    assert volume["spec"]["claimRef"] == {key: claim["metadata"][key] for key in ("namespace", "name")}
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert {"AddOnsFileSystems", "ObjectsJobAccess", "JobStorageRuns"} <= resources.before(
        "ObjectsJobStorage"
    )
    (target,) = (each for each in job_clusters(DEV, bucket="b") if each.configured_name == "open-weights")
    assert isinstance(target, Cluster)
    assert target.storage is not None
    assert (target.storage.claim, target.namespace) == (claim["metadata"]["name"], "atelier")
    links = resources.of_type("AWS::FSx::DataRepositoryAssociation").values()
    for prefix in ("datasets/", "base-models/", "runs/"):
        path = target.storage.path_of(f"s3://b/{prefix}x").removeprefix(target.storage.mount_path)
        (link,) = (each for each in links if dev.flat(each["DataRepositoryPath"]).endswith(f"/{prefix}"))
        assert path == f"{link['FileSystemPath']}/x"
        assert ("AutoExportPolicy" in link["S3"]) == (prefix == "runs/")


def test_jobs_have_a_namespace_that_somebody_makes() -> None:
    nova, standard, _slurm = PROD.clusters
    assert job_namespaces(nova) == {"kubeflow": False}
    assert job_namespaces(standard) == {"hyperpod-ns-atelier": False}
    assert job_namespaces(replace(standard, task_governance=TaskGovernance())) == {"atelier": True}


def test_nova_s_nodes_may_read_its_recipes_and_have_no_pod_identity(prod: Synthesis) -> None:
    def actions(suffix: str) -> set[str]:
        policy = Resources(prod.templates[suffix]).named("ExecutionRoleDefaultPolicy")["Properties"]
        return {
            action
            for statement in policy["PolicyDocument"]["Statement"]
            for action in (
                statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            )
        }

    assert "eks-auth:AssumeRoleForPodIdentity" in actions(OPEN_WEIGHTS) - actions(NOVA)
    rendered = json.dumps(prod.templates[NOVA])
    assert "accesspoint/advanced-model-customization-recipes-*/*" in rendered
    assert "advanced-model-customization-recipes" not in json.dumps(prod.templates[OPEN_WEIGHTS])


def test_a_changed_script_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def address() -> str:
        app = build(DEV, outdir=str(tmp_path / "out"))
        stack = app.node.find_child("Atelier-Dev-OpenWeightsCluster")
        scripts = stack.node.find_child("LifecycleScripts")
        assert isinstance(scripts, lifecycle_scripts.LifecycleScripts)
        return scripts.address.rpartition("/lifecycle/")[2].rstrip("/").rpartition("/")[2]

    before = address()
    (tmp_path / "eks").mkdir()
    (tmp_path / "eks" / "on_create.sh").write_text("#!/bin/bash\n")
    monkeypatch.setattr(lifecycle_scripts, "FOLDER", tmp_path)
    assert re.fullmatch("[0-9a-f]{16}", before)
    assert address() != before


def test_nova_s_nodes_remove_outputs_of_runs_and_nothing_else(prod: Synthesis) -> None:
    removed = {
        suffix: {
            prod.flat(resource).partition("/")[2]
            for statement in Resources(prod.templates[suffix]).named("ExecutionRoleDefaultPolicy")[
                "Properties"
            ]["PolicyDocument"]["Statement"]
            if "s3:DeleteObject" in statement["Action"]
            for resource in statement["Resource"]
        }
        for suffix in (NOVA, OPEN_WEIGHTS)
    }
    assert removed == {NOVA: {"runs/*/output/*", "runs/*/evaluation/*"}, OPEN_WEIGHTS: set()}


def test_restricted_groups_install_their_own_pinned_chart(prod: Synthesis) -> None:
    variables = {
        suffix: Resources(prod.templates[suffix]).named("ChartsDependencies")["Properties"]["Variables"]
        for suffix in (NOVA, OPEN_WEIGHTS)
    }
    assert {suffix: (each["COMMIT"], each["IS_RESTRICTED"]) for suffix, each in variables.items()} == {
        NOVA: (charts.RESTRICTED_COMMIT, "true"),
        OPEN_WEIGHTS: (charts.COMMIT, "false"),
    }
    for commit in (charts.COMMIT, charts.RESTRICTED_COMMIT):
        assert re.fullmatch("[0-9a-f]{40}", commit)


def test_every_tool_of_the_build_is_pinned_by_its_hash() -> None:
    script = Path(charts.FOLDER, "install.sh").read_text().replace("\\\n", " ")
    fetched = re.findall(r"^\s*fetch (https://\S+)\s+(\S+)", script, re.MULTILINE)
    assert fetched
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in fetched)
    assert script.count("curl") == 1


def test_a_budget_counts_what_the_cluster_is_tagged_with(prod: Synthesis) -> None:
    for suffix, config in zip((NOVA, OPEN_WEIGHTS), PROD.clusters[:2], strict=True):
        resources = Resources(prod.templates[suffix])
        budget = resources.named("GuardsBudget")["Properties"]["Budget"]
        name = f"atelier-prod-{config.name}"
        assert budget["CostFilters"] == {"TagKeyValue": [f"user:{CLUSTER_TAG}${name}"]}
        assert budget["BudgetLimit"] == {"Amount": config.monthly_budget_usd, "Unit": "USD"}
        assert {"Key": CLUSTER_TAG, "Value": name} in resources.named("HyperPodCluster")["Properties"]["Tags"]


def test_people_are_told_of_sick_nodes_and_failed_requests(dev: Synthesis) -> None:
    resources = Resources(dev.templates[OPEN_WEIGHTS])
    rules = resources.of_type("AWS::Events::Rule")
    for name in ("GuardsNodeHealth", "GuardsClusterErrors"):
        assert rules[name]["EventPattern"]["source"] == ["aws.sagemaker"]
        assert dev.flat(rules[name]["Targets"][0]["Arn"]) == "<NoticesTopic>"
    (policy,) = resources.of_type("AWS::SNS::TopicPolicy").values()
    services = [
        service
        for statement in policy["PolicyDocument"]["Statement"]
        if "Service" in statement["Principal"]
        for service in (
            statement["Principal"]["Service"]
            if isinstance(statement["Principal"]["Service"], list)
            else [statement["Principal"]["Service"]]
        )
    ]
    assert sorted(services) == ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]


def test_nodes_that_are_missing_or_idle_are_measured_every_five_minutes(dev: Synthesis) -> None:
    resources = Resources(dev.templates[OPEN_WEIGHTS])
    rule = resources.named("GuardsEveryFiveMinutes")["Properties"]
    assert json.loads(rule["Targets"][0]["Input"]) == {
        "cluster": "atelier-dev-open-weights",
        "namespaces": ["atelier"],
        "accelerated_groups": ["training"],
    }
    alarms = resources.of_type("AWS::CloudWatch::Alarm")
    lasting = {
        alarm["MetricName"]: (alarm["Period"] * alarm["EvaluationPeriods"] // 60, alarm["TreatMissingData"])
        for alarm in alarms.values()
    }
    assert lasting == {"MissingNodes": (30, "breaching"), "IdleNodes": (120, "notBreaching")}


def test_whoever_measures_may_only_list_pods(dev: Synthesis) -> None:
    entries = Resources(dev.templates[OPEN_WEIGHTS]).of_type("AWS::EKS::AccessEntry")
    (watching,) = (entry for entry in entries.values() if entry.get("KubernetesGroups") == [WATCH_GROUP])
    assert dev.flat(watching["PrincipalArn"]) == "<HandlersMeasureClusterRole>"
    assert "AccessPolicies" not in watching
    assert WATCH_RULES == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]


def test_the_inference_operator_has_what_it_asks_for_and_pods_of_its_own_become_it(
    staging: Synthesis,
) -> None:
    resources = Resources(staging.templates[OPEN_WEIGHTS])
    before = resources.before("AddOnsInference")
    assert {
        "AddOnsCertManager",
        "AddOnsFileSystems",
        "AddOnsMetrics",
        "AddOnsModels",
        "InferenceOperatorRoleDefaultPolicy",
        "NodesArrived",
    } <= before
    role = resources.named("InferenceOperatorRole")["Properties"]
    trust = json.loads(staging.flat(role["AssumeRolePolicyDocument"]))
    by_pods = trust["Statement"][0]
    assert by_pods["Action"] == "sts:AssumeRoleWithWebIdentity"
    (subject,) = by_pods["Condition"]["StringLike"].values()
    assert subject == inference.OPERATOR
    addon = resources.named("AddOnsInference")["Properties"]
    configuration = json.loads(staging.flat(addon["ConfigurationValues"]))
    assert configuration["executionRoleArn"] == "<InferenceOperatorRole>"
    assert configuration["hyperpodClusterArn"] == "<HyperPodCluster>"


def test_nova_s_nodes_may_ask_functions_and_queues_for_rewards_and_no_others(every: Synthesis) -> None:
    for role, statement in statements(every):
        if role == "<ExecutionRole>" and "lambda:InvokeFunction" in statement["Action"]:
            assert every.flat(statement["Resource"]).endswith(":function:*SageMaker*")
    nova = [cluster for cluster in every.environment.clusters if cluster.is_restricted]
    asking = [role for role, statement in statements(every) if "sqs:SendMessage" in statement["Action"]]
    assert asking.count("<ExecutionRole>") == len(nova)
