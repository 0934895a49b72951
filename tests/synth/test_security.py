"""Security rules for the templates of every environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack, aws_sqs as sqs
from aws_cdk.assertions import Match, Template

from app import build
from config import InvalidConfiguration
from config.environments.dev import DEV
from config.environments.local import LOCAL
from config.environments.prod import PROD
from tests.fixtures.synthesis import Synthesis, synthesise

pytestmark = pytest.mark.synth

FOUND_BY_NAME = "/aws/eks/[a-z-]+/cluster|atelier-[a-z-]+-(jobs|dead)|SageMakerHyperPodInference-[a-z-]+"


def template(synthesis: Synthesis, suffix: str) -> Template:
    return Template.from_json(dict(synthesis.templates[suffix]))


def test_cdk_nag_has_looked_and_has_no_unacknowledged_finding(every: Synthesis) -> None:
    nag = every.report()["AwsSolutions"]
    assert nag["conclusion"] == "success"
    assert nag["suppressedViolations"], "without any acknowledged wildcard the checks did not run"
    assert nag["violations"] == []


def test_every_acknowledgement_gives_a_reason_of_its_own(every: Synthesis) -> None:
    for finding in every.report()["AwsSolutions"]["suppressedViolations"]:
        assert len(finding["reason"].split()) >= 5, finding


def test_a_finding_that_nobody_acknowledged_fails_synthesis(tmp_path: Path) -> None:
    app = build(LOCAL, outdir=str(tmp_path))
    sqs.Queue(Stack(app, "Careless"), "PlainQueue")
    with pytest.raises(RuntimeError, match="SQS queue does not require requests to use SSL"):
        app.synth()


def test_partitions_and_accounts_are_never_written_out(every: Synthesis) -> None:
    for suffix, rendered in every.templates.items():
        assert "arn:aws:" not in json.dumps(rendered), suffix


def test_nothing_has_a_physical_name_but_what_others_find_by_it(every: Synthesis) -> None:
    named = {
        "AWS::S3::Bucket": "BucketName",
        "AWS::DynamoDB::Table": "TableName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::IAM::Role": "RoleName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::StepFunctions::StateMachine": "StateMachineName",
        "AWS::Logs::LogGroup": "LogGroupName",
    }
    for type_name, property_name in named.items():
        for resource in every.resources(type_name):
            name = resource["Properties"].get(property_name, "")
            assert not name or re.fullmatch(FOUND_BY_NAME, name)


def test_training_nodes_reach_each_other_by_every_protocol_both_ways(every: Synthesis) -> None:
    clusters = ["<NetworkNodes>" for _ in every.environment.clusters]
    for direction, peer in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
        rules = [
            rule["Properties"]
            for rule in every.resources(f"AWS::EC2::SecurityGroup{direction}")
            if rule["Properties"]["IpProtocol"] == "-1"
        ]
        pairs = [(every.flat(rule["GroupId"]), every.flat(rule[peer])) for rule in rules]
        assert sorted(pairs) == [(group, group) for group in sorted(["<TrainingGroup>", *clusters])]


def test_training_nodes_leave_only_by_https(every: Synthesis) -> None:
    template(every, "Network").has_resource_properties(
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "Nodes that train together",
            "SecurityGroupEgress": [Match.object_like({"FromPort": 443, "ToPort": 443, "IpProtocol": "tcp"})],
        },
    )


def test_the_vpc_records_its_flows(every: Synthesis) -> None:
    template(every, "Network").has_resource_properties(
        "AWS::EC2::FlowLog", {"ResourceType": "VPC", "TrafficType": "ALL"}
    )


def test_artifacts_are_versioned_private_encrypted_and_logged(every: Synthesis) -> None:
    template(every, "Storage").has_resource_properties(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
            ),
            "BucketEncryption": Match.object_like(
                {
                    "ServerSideEncryptionConfiguration": [
                        Match.object_like(
                            {
                                "ServerSideEncryptionByDefault": {
                                    "SSEAlgorithm": "aws:kms",
                                    "KMSMasterKeyID": Match.any_value(),
                                }
                            }
                        )
                    ]
                }
            ),
            "LoggingConfiguration": Match.object_like({"DestinationBucketName": Match.any_value()}),
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    )


def test_buckets_refuse_what_does_not_come_by_tls(every: Synthesis) -> None:
    policies = list(every.resources("AWS::S3::BucketPolicy"))
    assert len(policies) == len(list(every.resources("AWS::S3::Bucket")))
    for policy in policies:
        assert any(
            statement["Effect"] == "Deny"
            and statement.get("Condition", {}).get("Bool") == {"aws:SecureTransport": "false"}
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        )


def data_resources(synthesis: Synthesis) -> list[Any]:
    types = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::DynamoDB::Table")
    return [resource for type_name in types for resource in synthesis.resources(type_name)]


def test_data_outlives_its_stack(every: Synthesis) -> None:
    for resource in data_resources(every):
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"


def test_data_dies_when_both_keys_are_turned(tmp_path: Path) -> None:
    for resource in data_resources(synthesise(DEV, tmp_path, destroy_data="true")):
        assert resource["DeletionPolicy"] == "Delete"


def test_asking_for_destruction_where_it_is_not_allowed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="prod does not set data_may_be_destroyed"):
        synthesise(PROD, tmp_path, destroy_data="true")


def test_a_misspelt_wish_for_destruction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="must be true or false, got 'yes'"):
        synthesise(DEV, tmp_path, destroy_data="yes")


def principals(statement: Mapping[str, Any]) -> list[str]:
    match statement["Principal"]:
        case {"Service": str(service)}:
            return [service]
        case {"Service": list(services)}:
            return services
    return []


def test_alarms_can_publish_to_the_encrypted_topic(every: Synthesis) -> None:
    (key,) = every.resources("AWS::KMS::Key")
    (use,) = (
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "cloudwatch.amazonaws.com" in principals(statement)
    )
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(use["Action"])
    publishing = [
        statement
        for policy in every.resources("AWS::SNS::TopicPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "cloudwatch.amazonaws.com" in principals(statement)
    ]
    assert len(publishing) == len(list(every.resources("AWS::SNS::Topic")))
    for publish in publishing:
        assert (publish["Effect"], publish["Action"]) == ("Allow", "sns:Publish")
    for statement in (use, *publishing):
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": every.environment.account}}


def key_statements(synthesis: Synthesis, service: str) -> list[Any]:
    """Statements of key policies, in any stack, for a service."""
    return [
        statement
        for key in synthesis.resources("AWS::KMS::Key")
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if service in principals(statement)
    ]


def test_no_key_asks_eventbridge_for_what_it_does_not_tell(every: Synthesis) -> None:
    """EventBridge sends KMS no source for an encrypted topic, and silently drops refused events."""
    statements = key_statements(every, "events.amazonaws.com")
    assert statements
    for statement in statements:
        assert principals(statement) == ["events.amazonaws.com"]
        assert {"kms:Decrypt", "kms:GenerateDataKey*"} == set(statement["Action"])
        keys = {key for condition in statement.get("Condition", {}).values() for key in condition}
        assert keys <= {"kms:EncryptionContext:aws:sns:topicArn"}


def test_eventbridge_uses_the_key_for_topics_of_this_account_only(every: Synthesis) -> None:
    account, region = every.environment.account, every.environment.region
    (statement,) = key_statements(every, "events.amazonaws.com")
    (pattern,) = statement["Condition"]["ArnLike"].values()
    assert every.flat(pattern) == f"arn:aws:sns:{region}:{account}:*"


def test_no_service_uses_the_key_unconditionally(every: Synthesis) -> None:
    """A service acts for every account: without a condition any account could use the key."""
    for key in every.resources("AWS::KMS::Key"):
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            assert statement.get("Condition") or not principals(statement), statement


def test_the_workflow_s_log_is_delivered_in_its_own_context(every: Synthesis) -> None:
    account, region = every.environment.account, every.environment.region
    (statement,) = key_statements(every, "delivery.logs.amazonaws.com")
    (context,) = statement["Condition"]["StringLike"].values()
    assert every.flat(context) == f"arn:aws:logs:{region}:{account}:*"
    assert "kms:Decrypt" in statement["Action"]


def test_bedrock_can_optimize_a_nova_model_under_the_key(every: Synthesis) -> None:
    (key,) = every.resources("AWS::KMS::Key")
    (use,) = (
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "bedrock.amazonaws.com" in principals(statement)
    )
    assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert use["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
    }


def test_every_alarm_tells_somebody(every: Synthesis) -> None:
    alarms = list(every.resources("AWS::CloudWatch::Alarm"))
    assert alarms
    for alarm in alarms:
        assert [every.flat(action) for action in alarm["Properties"]["AlarmActions"]] == ["<NoticesTopic>"]


def test_every_function_has_a_role_log_trace_and_limit_of_its_own(every: Synthesis) -> None:
    functions = [function["Properties"] for function in every.resources("AWS::Lambda::Function")]
    for template in every.templates.values():
        of_stack = [
            resource["Properties"]["Role"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function"
        ]
        assert len({every.flat(role) for role in of_stack}) == len(of_stack)
    for function in functions:
        assert function["LoggingConfig"] == {
            "LogFormat": "JSON",
            "LogGroup": function["LoggingConfig"]["LogGroup"],
        }
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["Timeout"] <= 900
    for log_group in every.resources("AWS::Logs::LogGroup"):
        assert log_group["Properties"]["RetentionInDays"] == every.environment.log_retention_days
        assert "KmsKeyId" in log_group["Properties"]


def test_service_roles_trust_only_this_account(every: Synthesis) -> None:
    for service in ("sagemaker", "bedrock", "states"):
        template(every, "Pipeline").has_resource_properties(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": Match.object_like(
                    {
                        "Statement": [
                            Match.object_like(
                                {
                                    "Principal": {"Service": f"{service}.amazonaws.com"},
                                    "Condition": {
                                        "StringEquals": {"aws:SourceAccount": every.environment.account}
                                    },
                                }
                            )
                        ]
                    }
                )
            },
        )


def test_everything_carries_the_environments_tags(every: Synthesis) -> None:
    tags = [{"Key": key, "Value": value} for key, value in sorted(every.environment.tags.items())]
    for type_name in (
        "AWS::S3::Bucket",
        "AWS::Lambda::Function",
        "AWS::StepFunctions::StateMachine",
        "AWS::EC2::VPC",
    ):
        for resource in every.resources(type_name):
            assert [tag for tag in resource["Properties"]["Tags"] if tag in tags] == tags
