"""The embedded cloud's open weights: the tiny model's files, where the pipeline reads those of any model."""

from __future__ import annotations

from pathlib import Path

from atelier import names
from client.pipeline import PipelineClient

NAME = "atelier-tiny-open"


def publish_open_weights(pipeline: PipelineClient, folder: Path) -> None:
    """Upload the files of `folder`, the tiny model, to the pipeline's bucket."""
    for file in sorted(folder.iterdir()):
        uri = pipeline.uri(f"{names.base_model_prefix(NAME)}{file.name}")
        pipeline.objects.write(uri, file.read_bytes(), content_type="application/octet-stream")
