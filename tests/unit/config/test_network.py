"""A network refuses a wrong value and names what would be accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config import InvalidConfiguration
from config.environments.dev import DEV
from config.network import ExistingNetwork, NewNetwork


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
