"""The stack of a cluster with Slurm: configured nodes and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.slurm.config import Config
from atelier.platforms.slurm.cluster import SlurmCluster
from config.environments.dev import DEV
from config.environments.prod import PROD
from config.job_clusters import job_clusters
from config.slurm import SlurmOrchestrator
from tests.fixtures.resources import Resources
from tests.fixtures.synthesis import Synthesis

pytestmark = pytest.mark.synth

SLURM = "SlurmCluster"


@pytest.fixture
def prod(rendered: Callable[[str], Synthesis]) -> Synthesis:
    return rendered(PROD.name)


def resources(synthesis: Synthesis) -> Resources:
    return Resources(synthesis.templates[SLURM])


def homes(synthesis: Synthesis) -> Resources:
    return Resources(synthesis.templates[f"{SLURM}Homes"])


def cluster(synthesis: Synthesis) -> Any:
    return resources(synthesis).named("HyperPodCluster")["Properties"]


def allowed(synthesis: Synthesis, policy: str) -> dict[str, list[str]]:
    """Resources by action, as text."""
    found: dict[str, list[str]] = {}
    document = resources(synthesis).named(policy)["Properties"]["PolicyDocument"]
    for statement in document["Statement"]:
        actions, on = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            arns = on if isinstance(on, list) else [on]
            found.setdefault(action, []).extend(map(synthesis.flat, arns))
    return found


def test_groups_are_controller_login_and_compute_with_one_partition(prod: Synthesis) -> None:
    groups = {group["InstanceGroupName"]: group for group in cluster(prod)["InstanceGroups"]}
    assert {name: group["SlurmConfig"] for name, group in groups.items()} == {
        "controller": {"NodeType": "Controller"},
        "login": {"NodeType": "Login"},
        "compute": {"NodeType": "Compute", "PartitionNames": ["p5"]},
    }
    assert (groups["controller"]["InstanceCount"], groups["compute"]["InstanceType"]) == (1, "ml.p5.48xlarge")
    assert groups["compute"]["OnStartDeepHealthChecks"] == ["InstanceStress", "InstanceConnectivity"]


def test_with_continuous_provisioning_no_strategy_is_named_and_a_database_keeps_the_accounts(
    prod: Synthesis, dev: Synthesis
) -> None:
    assert cluster(dev)["NodeProvisioningMode"] == "Continuous"
    assert cluster(dev)["Orchestrator"] == {"Slurm": {}}
    slurm = cluster(prod)["Orchestrator"]["Slurm"]
    assert slurm.keys() == {"AccountingDatabase"}
    assert slurm["AccountingDatabase"]["Port"] == 3306
    database = resources(prod).named("AccountingDatabase")["Properties"]
    assert database["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in database
    assert (database["StorageEncrypted"], database["PubliclyAccessible"]) == (True, False)
    assert list(resources(dev).of_type("AWS::RDS::DBInstance")) == []


def test_a_cluster_made_anew_has_another_name(prod: Synthesis) -> None:
    # Eight characters of the stack's id, which is new for each stack.
    assert prod.flat(cluster(prod)["ClusterName"]) == "atelier-prod-slurm-01234567"


def test_every_node_mounts_both_file_systems(prod: Synthesis) -> None:
    for group in cluster(prod)["InstanceGroups"]:
        lustre, home, *volumes = group["InstanceStorageConfigs"]
        assert lustre["FsxLustreConfig"]["MountPath"] == "/fsx"
        assert prod.flat(lustre["FsxLustreConfig"]["MountName"]) == "<StorageSharedLustre>"
        assert home["FsxOpenZfsConfig"]["MountPath"] == "/home"
        assert bool(volumes) == (group["InstanceGroupName"] == "controller")


def test_lustre_shows_the_datasets_and_is_where_the_nodes_are(prod: Synthesis) -> None:
    found = resources(prod)
    lustre = found.named("StorageSharedLustre")["Properties"]
    assert lustre["LustreConfiguration"] == {
        "AutomaticBackupRetentionDays": 0,
        "DataCompressionType": "LZ4",
        "DeploymentType": "PERSISTENT_2",
        "PerUnitStorageThroughput": 250,
    }
    assert (lustre["StorageCapacity"], lustre["FileSystemTypeVersion"]) == (9600, "2.15")
    vpc = cluster(prod)["VpcConfig"]
    assert (lustre["SubnetIds"], lustre["SecurityGroupIds"]) == (vpc["Subnets"], vpc["SecurityGroupIds"])
    (link,) = found.of_type("AWS::FSx::DataRepositoryAssociation").values()
    assert prod.flat(link["DataRepositoryPath"]).endswith("/datasets/")
    assert link["FileSystemPath"] == "/datasets"
    assert "AutoExportPolicy" not in link["S3"]


def test_people_s_homes_outlive_the_stack_and_what_jobs_share_does_not(prod: Synthesis) -> None:
    found = resources(prod)
    assert homes(prod).named("HomesFileSystem")["DeletionPolicy"] == "RetainExceptOnCreate"
    assert "OPENZFS" not in {
        each["FileSystemType"] for each in found.of_type("AWS::FSx::FileSystem").values()
    }
    assert found.named("StorageSharedLustre")["DeletionPolicy"] == "Delete"
    assert found.named("AccountingDatabase")["DeletionPolicy"] == "Snapshot"


def test_the_cluster_s_stack_comes_after_the_stack_of_its_homes_and_never_the_other_way(
    prod: Synthesis,
) -> None:
    artifacts = json.loads((prod.folder / "manifest.json").read_text())["artifacts"]
    assert "Atelier-Prod-SlurmClusterHomes" in artifacts["Atelier-Prod-SlurmCluster"]["dependencies"]
    assert "Atelier-Prod-SlurmCluster" not in artifacts["Atelier-Prod-SlurmClusterHomes"]["dependencies"]


def test_homes_are_protected_as_other_data_is(every: Synthesis) -> None:
    artifacts = json.loads((every.folder / "manifest.json").read_text())["artifacts"]
    for name, artifact in artifacts.items():
        if name.endswith("Homes"):
            is_protected = artifact["properties"].get("terminationProtection", False)
            assert is_protected is not every.environment.data_may_be_destroyed


def test_file_systems_wait_for_the_rules_that_fsx_tries(prod: Synthesis) -> None:
    rules = {
        name
        for kind in ("Ingress", "Egress")
        for name in homes(prod).of_type(f"AWS::EC2::SecurityGroup{kind}")
        if name.startswith("NetworkNodes")
    }
    assert len(rules) == 2
    # Lustre is in a later stack.
    assert rules <= homes(prod).before("HomesFileSystem")


def test_the_cluster_comes_after_what_creating_it_looks_for(prod: Synthesis) -> None:
    before = resources(prod).before("HyperPodCluster")
    assert {
        "AccountingDatabase",
        "ControllerRoleDefaultPolicy",
        "LifecycleScriptsFiles",
        "NodeRoleDefaultPolicy",
        "QueueJobs",
        "StorageSharedLustre",
    } <= before
    assert "HyperPodCluster" in resources(prod).before("NodesArrived")
    assert "NodesArrived" in resources(prod).before("GuardsSilentAgent")


def test_the_agent_and_its_rights_are_on_the_controller_alone(dev: Synthesis) -> None:
    groups = cluster(dev)["InstanceGroups"]
    assert {
        group["InstanceGroupName"]: (
            dev.flat(group["ExecutionRole"]),
            group["LifeCycleConfig"]["OnInitComplete"],
            "OnCreate" in group["LifeCycleConfig"],
        )
        for group in groups
    } == {
        "controller": ("<ControllerRole>", "on_init_complete_controller.sh", False),
        "compute": ("<NodeRole>", "on_init_complete.sh", False),
    }
    agent, node = (allowed(dev, f"{role}DefaultPolicy") for role in ("ControllerRole", "NodeRole"))
    assert agent["sqs:ReceiveMessage"] == ["<QueueJobs>"]
    assert {arn.partition("/")[2] for arn in agent["s3:PutObject"]} == {
        "runs/*/output/*",
        "slurm/slurm/heartbeat.json",
        "slurm/slurm/logs/*.log",
        "slurm/slurm/status/*.json",
    }
    assert [arn.partition("/")[2] for arn in agent["s3:DeleteObject"]] == ["slurm/slurm/inbox/*.json"]
    assert not [action for action in node if action.startswith(("sqs:", "secretsmanager:"))]
    assert "s3:PutObject" not in node
    assert {arn.partition("/")[2] for arn in node["s3:GetObject"]} == {"lifecycle/*"}


def test_the_controller_alone_reads_the_password_of_the_accounts(prod: Synthesis) -> None:
    assert allowed(prod, "ControllerRoleDefaultPolicy")["secretsmanager:GetSecretValue"] == [
        "<AccountingDatabase>"
    ]
    assert "secretsmanager:GetSecretValue" not in allowed(prod, "NodeRoleDefaultPolicy")


def test_what_is_published_is_the_scripts_the_agent_and_a_configuration_that_it_accepts(
    dev: Synthesis,
) -> None:
    files = resources(dev).named("LifecycleScriptsFiles")["Properties"]["Files"]
    assert "provisioning_parameters.json" not in files
    for group in cluster(dev)["InstanceGroups"]:
        assert group["LifeCycleConfig"]["OnInitComplete"] in files
    assert {"logged.sh", "node.sh", "controller.sh", "agent/__init__.py", "agent/config.py"} <= files.keys()
    config = Config.of(json.loads(dev.flat(files["agent.json"])))
    assert (config.cluster, config.region, config.prefix) == ("slurm", "us-east-1", "slurm/slurm/")
    assert (config.bucket, config.queue_url) == ("<BucketArtifacts>", "<QueueJobs>")
    assert (config.shared_folder, config.runtime, config.auto_resume) == ("/fsx", "enroot", True)


def test_the_pipeline_knows_the_cluster_by_the_names_that_its_stack_gives(prod: Synthesis) -> None:
    (target,) = (each for each in job_clusters(PROD, bucket="x") if isinstance(each, SlurmCluster))
    queues = resources(prod).of_type("AWS::SQS::Queue")
    assert queues["QueueJobs"]["QueueName"] == target.queue_name == "atelier-prod-slurm-jobs"
    assert queues["QueueDeadLetters"]["QueueName"] == "atelier-prod-slurm-dead"
    assert [(each.name, each.instance_type, each.nodes) for each in target.partitions] == [
        ("p5", "ml.p5.48xlarge", 2)
    ]
    assert target.linked_path("s3://bucket/datasets/0123/train.jsonl") == "/fsx/datasets/0123/train.jsonl"


def test_the_pipeline_may_send_to_the_queue_before_it_is_there(prod: Synthesis) -> None:
    (policy,) = (
        resource["Properties"]["PolicyDocument"]
        for name, resource in prod.templates["Pipeline"]["Resources"].items()
        if name.startswith("HandlersSubmitTrainingJobRoleDefaultPolicy")
    )
    (sending,) = (each for each in policy["Statement"] if "sqs:SendMessage" in each["Action"])
    assert prod.flat(sending["Resource"]) == "arn:aws:sqs:us-east-1:333333333333:atelier-prod-slurm-jobs"
    assert "Atelier-Prod-SlurmCluster" not in json.dumps(prod.templates["Pipeline"])


def test_messages_are_encrypted_and_kept_and_dead_ones_ring(dev: Synthesis) -> None:
    queues = resources(dev).of_type("AWS::SQS::Queue")
    for name in ("QueueJobs", "QueueDeadLetters"):
        assert "KmsMasterKeyId" in queues[name]
        assert queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queues["QueueJobs"]["RedrivePolicy"]["maxReceiveCount"] == 5
    alarm = resources(dev).of_type("AWS::CloudWatch::Alarm")["GuardsUndeliverableJobs"]
    (dimension,) = alarm["Dimensions"]
    assert dev.flat(dimension["Value"]) == "<QueueDeadLetters>"


def test_people_hear_of_missing_nodes_idle_ones_a_silent_agent_and_costs(dev: Synthesis) -> None:
    assert resources(dev).of_type("AWS::CloudWatch::Alarm").keys() == {
        "GuardsIdleNodes",
        "GuardsMissingNodes",
        "GuardsSilentAgent",
        "GuardsUndeliverableJobs",
    }
    assert list(resources(dev).of_type("AWS::Budgets::Budget")) == ["GuardsBudget"]
    (target,) = resources(dev).of_type("AWS::Events::Rule")["GuardsEveryFiveMinutes"]["Targets"]
    event = json.loads(dev.flat(target["Input"]))
    assert event["accelerated_groups"] == ["compute"]
    assert (event["configured_name"], event["silent_after_seconds"]) == ("slurm", 300)


def test_people_sign_in_as_a_user_by_this_cluster_s_document(dev: Synthesis) -> None:
    document = resources(dev).named("SessionsDocument")["Properties"]
    assert document["Content"]["inputs"]["runAsDefaultUser"] == "ubuntu"
    operators = resources(dev).named("Operators")["Properties"]["PolicyDocument"]["Statement"]
    (opening,) = (each for each in operators if each["Action"] == "ssm:StartSession")
    assert [dev.flat(arn) for arn in opening["Resource"]] == [
        "<HyperPodCluster>",
        "arn:aws:ssm:us-east-1:111111111111:document/<SessionsDocument>",
    ]


def test_the_key_lets_linked_file_systems_read_the_bucket_and_nothing_else(dev: Synthesis) -> None:
    (key,) = dev.resources("AWS::KMS::Key")
    (statement,) = (
        each for each in key["Properties"]["KeyPolicy"]["Statement"] if each["Principal"] == {"AWS": "*"}
    )
    assert statement["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "111111111111",
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
    }
    role = dev.flat(statement["Condition"]["ArnLike"]["aws:PrincipalArn"])
    assert role.endswith(
        "role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*"
    )


def test_environments_on_aws_have_a_cluster_of_each_kind() -> None:
    for environment in (DEV, PROD):
        assert [isinstance(each.orchestrator, SlurmOrchestrator) for each in environment.clusters][-1]
