"""Environments refuse wrong values where they are written, with what would be accepted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from config import InvalidConfiguration
from config.environments import ENVIRONMENTS, environment_named
from config.environments.dev import DEV
from config.environments.local import LOCAL
from config.environments.prod import PROD
from config.model import FunctionPlatform
from config.network import ExistingNetwork, NewNetwork

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"cidr": cidr}, f"network: cidr must be an IPv4 network of /16 to /24, such as .*, got '{cidr}'")
            for cidr in ("10.0.0.0/8", "10.0.0", "10.0.0.1/16")
        ),
        ({"nat_gateways": 3}, "network: nat_gateways must be 0 to 2, one a zone, got 3"),
        ({"availability_zones": ()}, "network: availability_zones must be distinct names .*, got \\(\\)"),
    ],
)  # fmt: skip
def test_a_network_refuses_a_wrong_value(changes: dict[str, Any], message: str) -> None:
    assert isinstance(DEV.network, NewNetwork)
    with pytest.raises(InvalidConfiguration, match=f"^{message}$"):
        replace(DEV.network, **changes)


def test_an_existing_network_needs_a_subnet_in_each_zone() -> None:
    with pytest.raises(InvalidConfiguration, match=r"one subnet for each of .*, got \('subnet-"):
        ExistingNetwork(
            vpc_id="vpc-0123456789abcdef0",
            availability_zones=("us-east-1a", "us-east-1b"),
            private_subnet_ids=("subnet-0123456789abcdef0",),
        )


def test_functions_refuse_a_python_that_the_code_does_not_run_on() -> None:
    with pytest.raises(InvalidConfiguration, match="python must be \\(3, 11\\) or newer, got \\(3, 9\\)"):
        replace(PROD.functions, python=(3, 9))


def test_environments_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        LOCAL.region = "eu-west-1"  # type: ignore[misc]


def test_environments_do_not_share_accounts_or_addresses() -> None:
    environments = list(ENVIRONMENTS.values())
    assert len({environment.account for environment in environments}) == len(environments)
    assert len({environment.network for environment in environments}) == len(environments)


def test_local_functions_run_on_this_interpreter() -> None:
    assert LOCAL.functions == FunctionPlatform.of_this_host()
    assert LOCAL.functions.python == sys.version_info[:2]


@pytest.mark.parametrize("name", [None, "production", 7])
def test_an_unknown_environment_is_refused_with_the_known_ones(name: object) -> None:
    with pytest.raises(InvalidConfiguration, match=f"must be one of {', '.join(ENVIRONMENTS)}; got "):
        environment_named(name)


@pytest.mark.synth
@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"env": "producton"}, f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got 'producton'"),
        ({}, f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got nothing"),
        (
            {"env": "prod", "destroy_data": "true"},
            "-c destroy_data=true is refused: environment prod does not set data_may_be_destroyed "
            "in config/environments/prod.py",
        ),
    ],
)  # fmt: skip
def test_the_app_ends_in_one_message_without_a_traceback(context: dict[str, str], message: str) -> None:
    environ = {**os.environ, "CDK_CONTEXT_JSON": json.dumps(context)}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, message)
