"""The kinds of object this API stores, and how each is called in paths, in lists and by kubectl."""

from __future__ import annotations

from dataclasses import dataclass

OBJECT_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One kind. `group` is "" for the core group; a custom one names its kind in every request."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    custom: bool = False
    verbs: tuple[str, ...] = OBJECT_VERBS

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name in messages: `pods`, `pytorchjobs.kubeflow.org`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False, ("ns",), ("status",))
NODES = Resource("", "v1", "nodes", "Node", False, ("no",), ("status",))
PODS = Resource("", "v1", "pods", "Pod", True, ("po",), ("status", "log"))
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",))
SECRETS = Resource("", "v1", "secrets", "Secret")
SERVICES = Resource("", "v1", "services", "Service", True, ("svc",), ("status",))
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",))
EVENTS = Resource("", "v1", "events", "Event", True, ("ev",))
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), ("status",))
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), ("status",))
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), ("status",))
JOBS = Resource("batch", "v1", "jobs", "Job", True, (), ("status",))

_RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(_RBAC, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(_RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource(_RBAC, "v1", "clusterroles", "ClusterRole", False)
CLUSTER_ROLE_BINDINGS = Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False)

PYTORCH_JOBS = Resource(
    "kubeflow.org", "v1", "pytorchjobs", "PyTorchJob", subresources=("status",), custom=True
)
HYPERPOD_JOBS = Resource(
    "sagemaker.amazonaws.com",
    "v1",
    "hyperpodpytorchjobs",
    "HyperPodPyTorchJob",
    subresources=("status",),
    custom=True,
)
RAY_JOBS = Resource("ray.io", "v1", "rayjobs", "RayJob", subresources=("status",), custom=True)

RESOURCES = (
    NAMESPACES,
    NODES,
    PODS,
    CONFIG_MAPS,
    SECRETS,
    SERVICES,
    SERVICE_ACCOUNTS,
    EVENTS,
    CLAIMS,
    STATEFUL_SETS,
    DEPLOYMENTS,
    JOBS,
    ROLES,
    ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    PYTORCH_JOBS,
    HYPERPOD_JOBS,
    RAY_JOBS,
)

# Reviews are answered and never stored.
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    False,
    verbs=("create",),
)
SELF_REVIEWS = Resource(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, verbs=("create",)
)
REVIEWS = (ACCESS_REVIEWS, SELF_REVIEWS)

_BY_PATH = {(each.group, each.version, each.plural): each for each in (*RESOURCES, *REVIEWS)}
_BY_KIND = {(each.api_version, each.kind): each for each in RESOURCES}


def find(group: str, version: str, plural: str) -> Resource | None:
    return _BY_PATH.get((group, version, plural))


def of_kind(api_version: str, kind: str) -> Resource | None:
    return _BY_KIND.get((api_version, kind))


def group_versions() -> list[tuple[str, str]]:
    """Every named group and its version, in the order of the table."""
    return list(dict.fromkeys((each.group, each.version) for each in (*RESOURCES, *REVIEWS) if each.group))


def in_group(group: str, version: str) -> list[Resource]:
    """The resources of one group and version."""
    return [each for each in (*RESOURCES, *REVIEWS) if (each.group, each.version) == (group, version)]
