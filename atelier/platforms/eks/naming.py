"""Names and labels of a job's objects, derived from the run and the step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from atelier import names
from atelier.platforms.eks.resources import Manifest, pod_templates

RUN_LABEL = "atelier.run-id"
STEP_LABEL = "atelier.step"
JOB_LABEL = "atelier.job"
SPEC_ANNOTATION = "atelier.spec-sha256"

# The training operator creates a Service for each replica, whose name is a DNS label of at most 63
# characters. The longest is <job>-at-worker-999 of a PPO. A StatefulSet labels its pods with its name and a
# hash of ten characters: <job>-ag-0123456789 fits too.
LONGEST_JOB_NAME = 63 - len("-at-worker-999")
_DIGEST = 8


def object_name(operation_name: str) -> str:
    """The name of an operation's job: the operation's name, shortened if it is too long.

    A shortened name ends in a hash of the whole name, so that two operations never share a name.
    """
    if len(operation_name) <= LONGEST_JOB_NAME:
        return operation_name
    digest = hashlib.sha256(operation_name.encode()).hexdigest()[:_DIGEST]
    return f"{operation_name[: LONGEST_JOB_NAME - _DIGEST - 1].rstrip('-')}-{digest}"


def labels(run_id: str, step: str) -> dict[str, str]:
    """Labels of every object and every pod of a job."""
    return {RUN_LABEL: run_id, STEP_LABEL: step, JOB_LABEL: names.operation_name(run_id, step)}


def selector(operation_name: str) -> str:
    """A label selector for all objects and pods of a job."""
    return f"{JOB_LABEL}={operation_name}"


def marked(
    manifests: Sequence[dict[str, Any]], *, run_id: str, step: str, namespace: str
) -> tuple[Manifest, ...]:
    """Add namespace, labels and the job's hash to a job's objects, and labels to pods.

    The hash covers all objects: a PyTorchJob alone is the same for any data, which only its ConfigMap names.
    """
    own = labels(run_id, step)
    for template in pod_templates(list(manifests)):
        metadata = template.setdefault("metadata", {})
        metadata["labels"] = (metadata.get("labels") or {}) | own
    for manifest in manifests:
        manifest["metadata"]["namespace"] = namespace
        manifest["metadata"]["labels"] = (manifest["metadata"].get("labels") or {}) | own
    content = json.dumps(manifests, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    for manifest in manifests:
        manifest["metadata"].setdefault("annotations", {})[SPEC_ANNOTATION] = digest
    return tuple(manifests)


def hash_on(live: Mapping[str, Any]) -> str | None:
    """The job's hash on an object; None if Atelier did not create the object."""
    value = (live["metadata"].get("annotations") or {}).get(SPEC_ANNOTATION)
    return None if value is None else str(value)
