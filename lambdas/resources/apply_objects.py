"""Function ApplyObjects: what a cluster's stack wants in Kubernetes is there, or it says why it is not.

It comes a moment after the control plane, its own access entry and whoever makes the namespaces: what they
have not brought yet is waited for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3

from atelier.errors import AccessRefused, AtelierError, ServiceUnavailable, Throttled
from atelier.platforms.eks.resources import Manifest, name_of
from lambdas.adapters.kubernetes.connect import control_plane
from lambdas.adapters.kubernetes.objects import KubernetesObjects, NamespaceMissing
from lambdas.resources.custom_resource import Context, Done, NotYet, Request, ResourceFailed, run

LOOKS_FOR_ACCESS = 15
"""Of 20 seconds each: an access entry holds after less than a minute; a refusal after five is meant."""
NAMESPACE = "Namespace"


def handler(event: dict[str, Any], context: Context) -> None:
    """Custom resource {Cluster: EKS' name, Objects: [manifest as JSON]} → nothing."""
    session = boto3.Session()
    eks: Any = session.client("eks")
    applied = AppliedObjects(
        lambda cluster: KubernetesObjects(control_plane(cluster, session=session, eks=eks, now=time.time))
    )
    run(event, context, applied.look)


class AppliedObjects:
    """Applies objects in their order, and takes them away in the reverse.

    Deletion succeeds even where the cluster refuses access, or is gone: all of it goes with the
    control plane.
    """

    def __init__(self, objects_of: Callable[[str], KubernetesObjects]) -> None:
        self._objects_of = objects_of

    def look(self, request: Request) -> Done | NotYet:
        """Done when every object is as it should be; those that an update no longer names are gone then."""
        try:
            self._settle(request)
        except (NamespaceMissing, ServiceUnavailable, Throttled) as error:
            return NotYet(str(error))
        except AccessRefused as error:
            refusals = int(request.state.get("refusals", 0)) + 1
            if refusals <= LOOKS_FOR_ACCESS:
                return NotYet(str(error), {"refusals": refusals})
            if request.kind != "Delete":
                raise ResourceFailed(str(error)) from error
        except AtelierError as error:
            if request.kind != "Delete":
                raise ResourceFailed(str(error)) from error
        return Done()

    def _settle(self, request: Request) -> None:
        objects = self._objects_of(request.properties["Cluster"])
        manifests = [] if request.kind == "Delete" else _manifests(request.properties)
        for manifest in manifests:
            objects.apply(manifest)
        before = _manifests(request.properties if request.kind == "Delete" else request.old_properties)
        kept = {_identity(manifest) for manifest in manifests}
        for manifest in reversed(before):
            # Jobs may run in a namespace; it goes with the cluster.
            if manifest["kind"] != NAMESPACE and _identity(manifest) not in kept:
                objects.delete(manifest)


def _manifests(properties: Mapping[str, Any]) -> list[Manifest]:
    return [json.loads(text) for text in properties.get("Objects", [])]


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"].get("namespace", ""), name_of(manifest)
