"""The objects that a cluster's stack puts into Kubernetes, whatever their kind, one by one.

Kubernetes API reference: a merge patch (RFC 7396) replaces the fields that it names, lists as a whole, and
leaves what others have added, such as the labels that HyperPod puts on a namespace.
"""

from __future__ import annotations

from atelier.errors import RequestRefused
from atelier.platforms.eks.resources import Manifest, ResourceKind, kind_of, name_of
from lambdas.adapters.kubernetes.connection import KubernetesConnection, content_of
from lambdas.adapters.kubernetes.errors import message_in

_MERGE = "application/merge-patch+json"
_PLURALS: dict[ResourceKind, str] = {
    ("v1", "Namespace"): "namespaces",
    ("v1", "PersistentVolume"): "persistentvolumes",
    ("v1", "PersistentVolumeClaim"): "persistentvolumeclaims",
    ("rbac.authorization.k8s.io/v1", "Role"): "roles",
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): "rolebindings",
}


class NamespaceMissing(Exception):
    """The namespace that an object goes into is not there yet."""


class KubernetesObjects:
    """Creates and deletes objects; both may be repeated."""

    def __init__(self, connection: KubernetesConnection) -> None:
        self._connection = connection

    def apply(self, manifest: Manifest) -> None:
        """Create or update the object from its manifest. NamespaceMissing without its namespace."""
        collection, plural = _place_of(manifest)
        action, name = f"create {plural}", name_of(manifest)
        answer = self._connection.call("POST", collection, action=action, body=manifest)
        if answer.status == 409:
            action = f"patch {plural}"
            answer = self._connection.call(
                "PATCH", f"{collection}/{name}", action=action, body=manifest, content_type=_MERGE
            )
        if answer.status == 404:
            raise NamespaceMissing(f"{action} on {name}: {message_in(answer.data)}")
        content_of(answer, action, name)

    def delete(self, manifest: Manifest) -> None:
        """Delete the object; one that is gone is success."""
        collection, plural = _place_of(manifest)
        action, name = f"delete {plural}", name_of(manifest)
        answer = self._connection.call("DELETE", f"{collection}/{name}", action=action)
        if answer.status != 404:
            content_of(answer, action, name)


def _place_of(manifest: Manifest) -> tuple[str, str]:
    """Path of the collection that the object is in."""
    kind = kind_of(manifest)
    if kind not in _PLURALS:
        raise RequestRefused(f"kind = {kind[1]!r}: accepted: {', '.join(name for _, name in _PLURALS)}")
    version, plural = kind[0], _PLURALS[kind]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = manifest["metadata"].get("namespace")
    return (f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"), plural
