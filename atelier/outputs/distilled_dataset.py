"""The dataset that a distillation job made: a teacher's answers, to be learned by a student.

Like weights the dataset stays in the escrow bucket; the job's output names it and shows a sample (Amazon Nova
user guide, "Amazon Nova distillation": `distillation_data/manifest.json`, `sample_training_data.jsonl`). The
guide does not say whether these files lie in the job's output archive or beside it, so both are looked at.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping
from typing import Any

from atelier.datasets import Format, check
from atelier.errors import DatasetMissing, InvalidDataset
from atelier.outputs.job_output import address_in, archive_uri, members
from atelier.storage import Objects

FOLDER = "distillation_data"
_MANIFEST = f"{FOLDER}/manifest.json"
_SAMPLE = f"{FOLDER}/sample_training_data.jsonl"
_DATASET_FILE = "training_data.jsonl"
_LARGEST_FILE_BYTES = 64 << 20
_FINDINGS_SHOWN = 3


def read_dataset(job: Mapping[str, Any], *, objects: Objects) -> str:
    """URI of the dataset of a finished distillation job; `job` is the result of a submit state.

    The sample is held to the rules of the SFT that is to learn from it: the dataset itself only AWS can read.
    DatasetMissing says what was found instead, InvalidDataset what is wrong with the sample.
    """
    files = _beside_archive(job, objects) or _in_archive(job, objects)
    if _MANIFEST not in files:
        raise DatasetMissing(
            f"{archive_uri(job)} has no {_MANIFEST}, and there is none beside it; "
            f"found: {', '.join(files) or 'nothing'}"
        )
    dataset = _dataset_in(files[_MANIFEST])
    if _SAMPLE in files:
        _require_learnable(files[_SAMPLE], dataset)
    return dataset


def _beside_archive(job: Mapping[str, Any], objects: Objects) -> dict[str, bytes]:
    output = job["output_s3_path"].rstrip("/")
    for folder in (f"{output}/{job['job_name']}", output):
        if objects.exists(f"{folder}/{_MANIFEST}"):
            names = [name for name in (_MANIFEST, _SAMPLE) if objects.exists(f"{folder}/{name}")]
            return {name: objects.read(f"{folder}/{name}") for name in names}
    return {}


def _in_archive(job: Mapping[str, Any], objects: Objects) -> dict[str, bytes]:
    uri = archive_uri(job)
    try:
        with objects.open(uri) as stream:
            return {
                name: content.read(_LARGEST_FILE_BYTES) if name in (_MANIFEST, _SAMPLE) else b""
                for name, content in members(stream)
            }
    except FileNotFoundError:
        return {}
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DatasetMissing(f"{uri} cannot be read as a tar.gz: {error}") from error


def _dataset_in(manifest: bytes) -> str:
    try:
        folder = address_in(manifest, FOLDER)
    except ValueError as error:
        raise DatasetMissing(f"{_MANIFEST} {error}") from error
    return folder if folder.endswith(".jsonl") else f"{folder.rstrip('/')}/{_DATASET_FILE}"


def _require_learnable(sample: bytes, dataset: str) -> None:
    report = check(io.BytesIO(sample), Format.SFT, file=_SAMPLE)
    if not report.is_valid:
        findings = "; ".join(str(finding) for finding in report.findings[:_FINDINGS_SHOWN])
        raise InvalidDataset(
            f"the distillation made data that its student could not learn from ({dataset}): {findings}"
        )
