"""An environment refuses a wrong value and names what would be accepted."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, replace
from importlib import import_module
from typing import Any

import pytest
from aws_cdk.aws_logs import RetentionDays

from config import InvalidConfiguration
from config.environments.dev import DEV
from config.environments.local import LOCAL
from config.environments.prod import PROD
from config.model import LOG_RETENTION_DAYS, FunctionPlatform


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"account": "12345"}, "dev: account must be 12 digits, got '12345'"),
        ({"account": 111111111111}, "dev: account must be 12 digits, got 111111111111"),
        ({"region": "useast1"}, "dev: region must be a region such as us-east-1, got 'useast1'"),
        ({"region": "eu-west-1"}, "dev: availability_zones must be zones of eu-west-1, got .*1b.*"),
        ({"log_retention_days": 8}, "dev: log_retention_days must be one of 1, 3, 5, 7, .*, got 8"),
        ({"dataset_part_bytes": 1023}, "dev: dataset_part_bytes must be 1,024 to 10,000,000,000, got 1023"),
        ({"notify": ("nobody",)}, "dev: notify must be e-mail addresses, got \\['nobody'\\]"),
        ({"name": "My Env"}, "environment: name must be lower-case letters and digits, got 'My Env'"),
    ],
)  # fmt: skip
def test_an_environment_refuses_a_wrong_value(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"^{message}$"):
        replace(DEV, **changes)


def test_functions_refuse_a_python_that_the_code_does_not_run_on() -> None:
    with pytest.raises(InvalidConfiguration, match="python must be \\(3, 11\\) or newer, got \\(3, 9\\)"):
        replace(PROD.functions, python=(3, 9))


def test_environments_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        LOCAL.region = "eu-west-1"  # type: ignore[misc]


def test_local_functions_run_on_this_interpreter() -> None:
    assert LOCAL.functions == FunctionPlatform.of_this_host()
    assert LOCAL.functions.python == sys.version_info[:2]


def test_days_of_log_retention_are_those_of_cdk_and_of_cloudformation() -> None:
    # Published without type information.
    schemas = import_module("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    schema = schemas.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    assert {*LOG_RETENTION_DAYS} == {*schema["properties"]["RetentionInDays"]["enum"]}
    assert {*LOG_RETENTION_DAYS.values(), "INFINITE"} == {member.name for member in RetentionDays}
