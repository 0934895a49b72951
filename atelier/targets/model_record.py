"""The record that ties a custom model to its checkpoint: Bedrock does not say what a model was made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from atelier import names
from atelier.errors import BaselineMissing
from atelier.storage import Objects


@dataclass(frozen=True)
class ModelRecord:
    """A model that passed its gate. `metrics` are by `<task>.<metric>`; None is no number."""

    run_id: str
    base_model: str
    checkpoint: str
    adaptation: str
    metrics: dict[str, float | None]


def write_record(record: ModelRecord, *, objects: Objects, bucket: str) -> str:
    """Put the record; returns its URI."""
    uri = _uri(record.run_id, bucket)
    objects.write(uri, json.dumps(asdict(record), indent=2).encode(), content_type="application/json")
    return uri


def read_record(run_id: str, *, objects: Objects, bucket: str) -> ModelRecord:
    """The record of a run's model. BaselineMissing when it has none: it did not pass its gate."""
    uri = _uri(run_id, bucket)
    try:
        return ModelRecord(**json.loads(objects.read(uri)))
    except FileNotFoundError as error:
        raise BaselineMissing(
            f"run {run_id} left no model on record (no {uri}): only a run that passed its gate has one"
        ) from error


def _uri(run_id: str, bucket: str) -> str:
    return f"s3://{bucket}/{names.model_record_key(run_id)}"
