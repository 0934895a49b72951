"""The checkpoint that a training job made.

The weights stay in an escrow bucket of AWS's; what comes back is `manifest.json`, in the output archive or on
HyperPod beside the output, whose field `checkpoint_s3_bucket` names the checkpoint (Amazon Nova user guide,
"Iterative training"). The URI is a reference for the next job and for Bedrock and is never downloaded.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Mapping
from typing import Any

from atelier.errors import CheckpointMissing
from atelier.operations.early_stopping import EarlyStop
from atelier.outputs.job_output import address_in, archive_uri, members
from atelier.storage import Objects

_MANIFEST = "manifest.json"
_FIELD = "checkpoint_s3_bucket"
_LARGEST_MANIFEST_BYTES = 1 << 20
_NAMES_SHOWN = 10
_STEP = re.compile(r"(?P<before>.*/[^/0-9]*)[0-9]+/?")


def read_checkpoint(job: Mapping[str, Any], *, objects: Objects) -> str:
    """URI of the checkpoint of a finished job, of the step to keep if it was stopped early.

    `job` is the result of a submit state. CheckpointMissing says what was found instead.
    """
    if "early_stop" not in job:
        return _named_by_manifest(job, objects)
    stop = EarlyStop.from_json(job["early_stop"])
    try:
        return _of_step(_named_by_manifest(job, objects), stop.best_step)
    except CheckpointMissing as error:
        raise CheckpointMissing(
            f"{error}. The job was stopped early at step {stop.step} to keep step {stop.best_step}"
        ) from error


def _of_step(checkpoint: str, step: int) -> str:
    """The checkpoint of another step of the same job.

    The only place that knows how checkpoints lie beside each other: AWS documents the last part of a
    manifest's URI as the step, and does not say where the other steps' are. That they are its siblings is
    an inference (docs/adr/0068).
    """
    named = _STEP.fullmatch(checkpoint)
    if named is None:
        raise CheckpointMissing(f"{checkpoint} does not end in a step, so step {step} cannot be found by it")
    return f"{named['before']}{step}"


def _named_by_manifest(job: Mapping[str, Any], objects: Objects) -> str:
    if "manifest_uri" in job:
        return _named_by_file(job["manifest_uri"], objects)
    uri = archive_uri(job)
    seen: list[str] = []
    try:
        with objects.open(uri) as stream:
            for name, content in members(stream):
                if name == _MANIFEST:
                    return _checkpoint_in(content.read(_LARGEST_MANIFEST_BYTES), uri)
                seen.append(name)
    except FileNotFoundError:
        raise CheckpointMissing(f"{uri}: there is no such object, so the job wrote no output") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise CheckpointMissing(f"{uri} cannot be read as a tar.gz: {error}") from error
    found = ", ".join(seen[:_NAMES_SHOWN]) or "nothing"
    raise CheckpointMissing(f"{uri} has no {_MANIFEST}; found: {found}")


def _named_by_file(uri: str, objects: Objects) -> str:
    """A job on HyperPod writes its manifest as it is, beside its output."""
    try:
        with objects.open(uri) as stream:
            manifest = stream.read(_LARGEST_MANIFEST_BYTES)
    except FileNotFoundError:
        raise CheckpointMissing(f"{uri}: there is no such object, so the job named no checkpoint") from None
    try:
        return address_in(manifest, _FIELD, may_lack_scheme=True)
    except ValueError as error:
        raise CheckpointMissing(f"{uri} {error}") from error


def _checkpoint_in(manifest: bytes, uri: str) -> str:
    try:
        return address_in(manifest, _FIELD)
    except ValueError as error:
        raise CheckpointMissing(f"{uri}: {_MANIFEST} {error}") from error
