"""Stored records of Bedrock: custom models, their deployments, import jobs and imported models."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class CustomModel:
    """One custom model; `folder` holds its weights once it is Active."""

    arn: str
    name: str
    account_id: str
    region: str
    role_arn: str
    source_uri: str
    folder: str
    created: float
    token: str | None = None
    kms_key_arn: str | None = None
    status: str = "Creating"
    failure: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Deployment:
    """One deployment; `folder` holds the weights of the model it serves."""

    arn: str
    name: str
    account_id: str
    region: str
    model_arn: str
    folder: str
    created: float
    updated: float
    status: str = "Creating"
    failure: str | None = None
    description: str | None = None
    token: str | None = None
    update: dict[str, str] | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def uses(self, model_arn: str) -> bool:
        """Whether the deployment serves the model, or is taking it."""
        return model_arn == self.model_arn or self.update == self.update_of(model_arn)

    @property
    def is_updating(self) -> bool:
        return self.update is not None and self.update["updateStatus"] == "Updating"

    @staticmethod
    def update_of(model_arn: str, status: str = "Updating") -> dict[str, str]:
        """The update's details in GetCustomModelDeployment's shape."""
        return {"modelArn": model_arn, "updateStatus": status}


@dataclass
class ImportJob:
    """One import job; `model_arn` is there once it is Completed."""

    arn: str
    name: str
    account_id: str
    region: str
    role_arn: str
    source_uri: str
    model_name: str
    created: float
    token: str | None = None
    kms_key_arn: str | None = None
    status: str = "InProgress"
    failure: str | None = None
    ended: float | None = None
    model_arn: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    model_tags: dict[str, str] = field(default_factory=dict)


@dataclass
class ImportedModel:
    """One imported model; `folder` holds its files."""

    arn: str
    name: str
    account_id: str
    region: str
    folder: str
    architecture: str
    is_instruct_supported: bool
    source_uri: str
    job_arn: str
    job_name: str
    created: float
    kms_key_arn: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
