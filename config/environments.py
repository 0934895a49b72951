"""The environments. Account numbers of DEV, STAGING and PROD are examples: put yours here."""

from __future__ import annotations

from config.model import Architecture, Environment, FunctionPlatform, InvalidConfiguration, NewNetwork

ON_AWS = FunctionPlatform(architecture=Architecture.ARM64, python=(3, 14))

LOCAL = Environment(
    name="local",
    account="000000000000",
    region="us-east-1",
    network=NewNetwork(cidr="10.40.0.0/16", availability_zones=("us-east-1a", "us-east-1b")),
    functions=FunctionPlatform.of_this_host(),
    log_retention_days=7,
    # So small that the example's training file is checked in parts, as one of gigabytes is on AWS.
    dataset_part_bytes=1_000_000,
    data_may_be_destroyed=True,
    assets_bucket="atelier-assets-000000000000-us-east-1",
    tags={"application": "atelier", "environment": "local"},
)

DEV = Environment(
    name="dev",
    account="111111111111",
    region="us-east-1",
    network=NewNetwork(cidr="10.41.0.0/16", availability_zones=("us-east-1a", "us-east-1b")),
    functions=ON_AWS,
    log_retention_days=30,
    data_may_be_destroyed=True,
    tags={"application": "atelier", "environment": "dev"},
)

STAGING = Environment(
    name="staging",
    account="222222222222",
    region="us-east-1",
    network=NewNetwork(cidr="10.42.0.0/16", availability_zones=("us-east-1a", "us-east-1b")),
    functions=ON_AWS,
    log_retention_days=90,
    tags={"application": "atelier", "environment": "staging"},
)

PROD = Environment(
    name="prod",
    account="333333333333",
    region="us-east-1",
    network=NewNetwork(
        cidr="10.43.0.0/16", availability_zones=("us-east-1a", "us-east-1b", "us-east-1c"), nat_gateways=3
    ),
    functions=ON_AWS,
    log_retention_days=365,
    tags={"application": "atelier", "environment": "prod"},
)

ENVIRONMENTS = {environment.name: environment for environment in (LOCAL, DEV, STAGING, PROD)}


def environment_named(name: object) -> Environment:
    """The environment that `-c env=<name>` selects. No default: a forgotten flag must reach no account."""
    if not isinstance(name, str) or name not in ENVIRONMENTS:
        given = "nothing" if name is None else repr(name)
        raise InvalidConfiguration(f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got {given}")
    return ENVIRONMENTS[name]
