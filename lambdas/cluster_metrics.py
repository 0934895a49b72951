"""Names of what is measured of a cluster: the function writes them, the alarms read them."""

from __future__ import annotations

NAMESPACE = "Atelier/Clusters"
MISSING_NODES = "MissingNodes"
IDLE_NODES = "IdleNodes"
