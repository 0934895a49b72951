"""Names of what is measured of a cluster: the function writes them, the alarm reads them."""

from __future__ import annotations

NAMESPACE = "Atelier/Clusters"
MISSING_NODES = "MissingNodes"
