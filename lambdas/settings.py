"""A function's environment, described once: CDK writes it with `to_environ`, handlers read `from_environ`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atelier.platforms.base import JobCluster

PREFIX = "ATELIER_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the deployed environment tells its functions. Lists are comma-separated in the environment.

    `clusters` are those that jobs can go to, as JSON.
    """

    environment: str
    region: str
    bucket: str
    operations_table: str
    topic_arn: str
    key_arn: str
    training_role_arn: str
    distillation_role_arn: str
    model_role_arn: str
    import_role_arn: str
    dataset_part_bytes: int
    imported_models_quota: int
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    clusters: tuple[JobCluster, ...] = ()

    def to_environ(self) -> dict[str, str]:
        """Environment variables for the function's configuration."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        from atelier.platforms.clusters import dump_clusters

        values["clusters"] = dump_clusters(self.clusters)
        return {
            PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in values.items()
        }

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read them back; KeyError names a variable that the deployment forgot."""
        from atelier.platforms.clusters import load_clusters

        values: dict[str, Any] = {}
        for field in fields(cls):
            text = environ[PREFIX + field.name.upper()]
            if field.name.endswith("_ids"):
                values[field.name] = tuple(filter(None, text.split(",")))
            elif field.name == "clusters":
                values[field.name] = load_clusters(text)
            else:
                values[field.name] = int(text) if field.name.endswith(("_bytes", "_quota")) else text
        return cls(**values)
