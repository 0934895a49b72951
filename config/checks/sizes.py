"""Size and accelerators of an instance type, from its name."""

from __future__ import annotations

import re

LARGE = 4
"""`4xlarge`, the smallest size that has room for HyperPod's own services."""

_SIZE = re.compile(r"\.(?P<times>\d*)xlarge$")
_ACCELERATED = re.compile(r"ml\.(g|p|inf|trn)\d")


def is_accelerated(instance_type: str) -> bool:
    """True for instance types with GPUs, Trainium or Inferentia."""
    return bool(_ACCELERATED.match(instance_type))


def size_of(instance_type: str) -> int:
    """The multiple of `xlarge`: 4 for ml.c5.4xlarge, 1 for ml.c5.xlarge, 0 for smaller types."""
    found = _SIZE.search(instance_type)
    return int(found["times"] or 1) if found else 0
