"""Days of log retention are those that CloudWatch Logs and CDK have."""

from __future__ import annotations

from importlib import import_module

from aws_cdk.aws_logs import RetentionDays

from config.log_retention import LOG_RETENTION_DAYS


def test_days_of_log_retention_are_those_of_cdk_and_of_cloudformation() -> None:
    # Published without type information.
    schemas = import_module("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    schema = schemas.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    assert {*LOG_RETENTION_DAYS} == {*schema["properties"]["RetentionInDays"]["enum"]}
    assert {*LOG_RETENTION_DAYS.values(), "INFINITE"} == {member.name for member in RetentionDays}
