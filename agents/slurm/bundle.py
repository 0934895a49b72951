"""What the pipeline asks for: a JSON object with typed fields, believed only as far as it is checked here.

Nothing in a bundle reaches a shell: names and numbers are checked against patterns, and texts that a person
chose (the recipe, addresses, file names) go into files that are data.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .config import Config

SCHEMA_VERSION = 1
JOB_NAME = re.compile(r"(?=.{1,63}\Z)[a-z](?:-?[a-z0-9])*")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_IMAGE = re.compile(r"[a-z0-9](?:[a-z0-9._/-]|:(?=\d+/)){0,254}(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^\x00-\x1f\x7f]{1,1024})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LARGEST_RECIPE = 1 << 20
_MOST_MINUTES = 366 * 24 * 60
_FIELDS = {
    *("schema_version", "job", "run_id", "step", "partition", "nodes", "gpus_per_node", "efa_devices"),
    *("time_limit_minutes", "image", "entry_module", "recipe", "folder", "data", "model", "output"),
}


class InvalidBundle(Exception):
    """A bundle that is not run; the message names the field, its value and what is accepted."""


@dataclass(frozen=True)
class Input:
    """An object, or everything below an address that ends in a slash, and where the recipe reads it.

    `linked`: where the shared file system may show it already; empty when it does not.
    """

    uri: str
    path: str
    linked: str


@dataclass(frozen=True)
class Bundle:
    """A requested job."""

    job: str
    run_id: str
    step: str
    partition: str
    nodes: int
    gpus_per_node: int
    efa_devices: int
    time_limit_minutes: int
    image: str
    entry_module: str
    recipe: str
    folder: str
    inputs: tuple[Input, ...]
    output_path: str
    output_s3_uri: str


def sha256(body: bytes) -> str:
    """Tells one job from another under the same name."""
    return hashlib.sha256(body).hexdigest()


def parse(body: bytes, *, job: str, config: Config) -> Bundle:
    """The bundle of a job. InvalidBundle when anything in it is not as the pipeline writes it."""
    content = _object("bundle", _json(body), _FIELDS)
    if content["schema_version"] != SCHEMA_VERSION:
        raise InvalidBundle(f"schema_version = {content['schema_version']!r}: accepted: {SCHEMA_VERSION}")
    folder_in_pipeline = f"{config.pipeline_folder}/atelier/jobs/{job}"
    for field, expected in (("job", job), ("folder", folder_in_pipeline)):
        if content[field] != expected:
            raise InvalidBundle(f"{field} = {content[field]!r}: accepted: {expected!r}")
    folder = str(config.jobs_folder / job)
    output = _object("output", content["output"], {"path", "s3_uri"})
    if not isinstance(content["data"], list):
        raise InvalidBundle(f"data = {content['data']!r}: a list is accepted")
    inputs = [(f"data.{index}", one) for index, one in enumerate(content["data"])]
    return Bundle(
        job=_matching("job", content["job"], JOB_NAME),
        run_id=_matching("run_id", content["run_id"], JOB_NAME),
        step=_matching("step", content["step"], JOB_NAME),
        partition=_matching("partition", content["partition"], _NAME),
        nodes=_number("nodes", content["nodes"], 1, 10_000),
        gpus_per_node=_number("gpus_per_node", content["gpus_per_node"], 0, 64),
        efa_devices=_number("efa_devices", content["efa_devices"], 0, 64),
        time_limit_minutes=_number("time_limit_minutes", content["time_limit_minutes"], 1, _MOST_MINUTES),
        image=_matching("image", content["image"], _IMAGE),
        entry_module=_matching("entry_module", content["entry_module"], _MODULE),
        recipe=_recipe(content["recipe"]).replace(folder_in_pipeline, folder),
        folder=folder,
        inputs=tuple(
            _input(field, one, folder_in_pipeline, config)
            for field, one in [*inputs, ("model", content["model"])]
        ),
        output_path=_below(folder_in_pipeline, "output.path", output["path"], config),
        output_s3_uri=_output_uri(output["s3_uri"], config.bucket),
    )


def is_plain(key: str) -> bool:
    """True for a key that as a path leads nowhere but down: no part is empty, `.` or `..`."""
    return not {"", ".", ".."} & set(key.removesuffix("/").split("/"))


def split(uri: str) -> tuple[str, str]:
    """(bucket, key) of an address that was checked."""
    match = _URI.fullmatch(uri)
    assert match, uri
    return match["bucket"], match["key"]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise InvalidBundle(f"not JSON: {error}") from error


def _object(field: str, value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise InvalidBundle(f"{field}: an object of {', '.join(sorted(names))} is accepted")
    return value


def _matching(field: str, value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidBundle(f"{field} = {value!r}: accepted: {pattern.pattern}")
    return value


def _number(field: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidBundle(f"{field} = {value!r}: accepted: {least} to {most}")
    return value


def _recipe(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value or len(value) > _LARGEST_RECIPE:
        raise InvalidBundle(f"recipe: a text of at most {_LARGEST_RECIPE} characters is accepted")
    return value


def _input(field: str, value: Any, folder: str, config: Config) -> Input:
    content = _object(field, value, {"uri", "path", "linked"})
    uri = _matching(f"{field}.uri", content["uri"], _URI)
    if not is_plain(split(uri)[1]):
        raise InvalidBundle(f"{field}.uri = {uri!r}: no part of its key may be empty, '.' or '..'")
    linked = content["linked"]
    if linked != "":
        linked = _below(config.pipeline_folder, f"{field}.linked", linked, config)
    return Input(uri=uri, path=_below(folder, f"{field}.path", content["path"], config), linked=linked)


def _below(folder: str, field: str, value: Any, config: Config) -> str:
    """A path of the pipeline's as the nodes have it."""
    is_path = isinstance(value, str) and not _CONTROL.search(value)
    if not is_path or not value.startswith(f"{folder}/") or ".." in PurePosixPath(value).parts:
        raise InvalidBundle(f"{field} = {value!r}: a path below {folder} is accepted")
    return config.shared_folder + str(value)[len(config.pipeline_folder) :]


def _output_uri(value: Any, bucket: str) -> str:
    uri = _matching("output.s3_uri", value, _URI)
    if not uri.startswith(f"s3://{bucket}/") or not uri.endswith("/"):
        raise InvalidBundle(f"output.s3_uri = {uri!r}: a prefix in {bucket} that ends in a slash is accepted")
    return uri
