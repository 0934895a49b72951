"""What an instance type is, read from its name."""

from __future__ import annotations

import re

LARGE = 4
"""`4xlarge`: from here on an instance holds HyperPod's own services."""

_SIZE = re.compile(r"\.(?P<times>\d*)xlarge$")
_ACCELERATED = re.compile(r"ml\.(g|p|inf|trn)\d")


def is_accelerated(instance_type: str) -> bool:
    """True of GPUs, Trainium and Inferentia: what nobody should pay for idle."""
    return bool(_ACCELERATED.match(instance_type))


def size_of(instance_type: str) -> int:
    """How many `xlarge` an instance type is: 4 of ml.c5.4xlarge, 1 of ml.c5.xlarge, 0 of what is smaller."""
    found = _SIZE.search(instance_type)
    return int(found["times"] or 1) if found else 0
