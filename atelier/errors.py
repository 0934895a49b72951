"""Everything that can go wrong in a run, by name.

A class name here is an error name in the state machine: a Lambda that raises `JobFailed` reports
`errorType: JobFailed`, and `settle` fails a task token with the same name. A synth test holds the
workflow's error names to this module.
"""

from __future__ import annotations


class AtelierError(Exception):
    """Base of every error that Atelier raises on purpose; its message is for people."""


class InvalidRun(AtelierError):
    """A run file asks for something that is malformed, unknown or out of range."""


class UnsupportedCombination(AtelierError):
    """A base model, technique, adaptation and platform that do not exist together."""


class InvalidDataset(AtelierError):
    """A dataset that is missing, unreadable or not in the format its technique needs."""


class DatasetUnchecked(AtelierError):
    """A part of a dataset could not be checked; the message names the part and what went wrong."""


class ObjectChanged(AtelierError):
    """An object was replaced while a run read it in parts; the message names it."""


class InvalidScenarios(AtelierError):
    """The smoke test's scenarios are missing or malformed."""


class BaselineMissing(AtelierError):
    """`continue_from` names a run or a deployment whose checkpoint is not on record."""


class CapacityUnavailable(AtelierError):
    """The service has no capacity or quota for the request."""


class AccessRefused(AtelierError):
    """IAM refused an action; the message names the action and the resource."""


class RequestRefused(AtelierError):
    """The service refused the request itself (validation, a conflicting name, an unknown image)."""


class Throttled(AtelierError):
    """The service throttled the call; the workflow retries this."""


class ServiceUnavailable(AtelierError):
    """The service failed on its side; the workflow retries this."""


class ClusterUnreachable(AtelierError):
    """A cluster has not answered for long; the message has its last status and what to look at."""


class ResourceInUse(AtelierError):
    """Something cannot be deleted yet because another thing uses it; the workflow retries this."""


class JobFailed(AtelierError):
    """A training or evaluation job ended as failed or was stopped by someone else."""


class CheckpointMissing(AtelierError):
    """A finished training job left no usable manifest."""


class DatasetMissing(AtelierError):
    """A finished distillation job left no usable manifest of the data it made."""


class MetricsMissing(AtelierError):
    """A finished evaluation job left no usable results, or not the metric that the gate needs."""


class ModelCreationFailed(AtelierError):
    """The custom model could not be created from the checkpoint."""


class DeploymentFailed(AtelierError):
    """The candidate's temporary deployment did not become active."""


class PromotionFailed(AtelierError):
    """The stable deployment did not take the new model."""


class Superseded(AtelierError):
    """Another model was promoted meanwhile than the one that the gate compared with."""


class DeadlineExceeded(AtelierError):
    """An operation did not end before its deadline; what it started was stopped."""


class RunStopped(AtelierError):
    """A stop of the run was requested, by a person or because another part of it failed."""


class OperationLost(AtelierError):
    """The service no longer knows what it once accepted."""


class UnknownRun(AtelierError):
    """No run with this id is on record."""
