"""What the agent believes of a bundle: what the pipeline writes, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.slurm.bundle import JOB_NAME, InvalidBundle, parse
from tests.fixtures.slurm_jobs import NAME, a_config, a_job

HOSTILE = ["$(touch /evil)", "`id`", "a; reboot", "a\nb", "x' 'y", '"', "../../etc", "a b", "", "\0", "-rf"]
MODEL = a_job().bundle()["model"]
FOLDER = a_job().folder


def refused(**changes: Any) -> str:
    with pytest.raises(InvalidBundle) as refusal:
        parse(json.dumps({**a_job().bundle(), **changes}).encode(), job=NAME, config=a_config())
    return str(refusal.value)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["job", "run_id", "step", "partition", "image", "entry_module", "folder"])
def test_a_name_that_is_none_is_refused_with_its_field(field: str, text: str) -> None:
    assert refused(**{field: text}).startswith(f"{field} = {text!r}: accepted: ")


def test_a_name_that_is_too_long_to_be_found_by_its_comment_is_refused() -> None:
    assert JOB_NAME.fullmatch("a" + "-b" * 31)
    assert not JOB_NAME.fullmatch("a" + "-b" * 32)


@pytest.mark.parametrize("value", ["1; reboot", "1", 0, -1, 1.5, True, None, 1 << 40])
@pytest.mark.parametrize("field", ["nodes", "time_limit_minutes"])
def test_a_number_that_is_none_or_out_of_range_is_refused(field: str, value: object) -> None:
    assert refused(**{field: value}).startswith(f"{field} = {value!r}: accepted: 1 to ")


@pytest.mark.parametrize(
    "uri",
    [
        *("http://x/y", "s3://x", "s3://UPPER/x", "s3://bucket/a\nb", ""),
        *(
            "s3://bucket/../x",
            "s3://bucket//etc/x",
            "s3://bucket/a//etc/x",
            "s3://bucket/a/./x",
            "s3://bucket/a//",
        ),
    ],
)
def test_an_address_that_is_none_is_refused(uri: str) -> None:
    assert refused(model={**MODEL, "uri": uri}).startswith(f"model.uri = {uri!r}")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", f"{FOLDER}/../other/x", f"{FOLDER}x/y", f"{FOLDER}/a\nb", "", 1]
)
def test_a_path_outside_the_job_s_folder_is_refused(path: object) -> None:
    assert refused(model={**MODEL, "path": path}).startswith(f"model.path = {path!r}: a path below {FOLDER}")
    assert refused(output={"path": path, "s3_uri": "s3://atelier-data/x/"}).startswith("output.path = ")


def test_a_link_outside_the_shared_folder_is_refused() -> None:
    assert refused(model={**MODEL, "linked": "/etc"}).startswith("model.linked = '/etc': a path below /fsx")


@pytest.mark.parametrize("uri", ["s3://elsewhere/x/", "s3://atelier-data/x", "s3://atelier-data-2/x/"])
def test_output_that_goes_elsewhere_is_refused(uri: str) -> None:
    output = {"path": f"{FOLDER}/output", "s3_uri": uri}
    assert "a prefix in atelier-data that ends in a slash" in refused(output=output)


@pytest.mark.parametrize("recipe", ["", 1, "a\0b", "x" * (1 << 21)])
def test_a_recipe_that_is_no_text_is_refused(recipe: object) -> None:
    assert refused(recipe=recipe).startswith("recipe: a text of at most")


def test_fields_that_are_unknown_or_missing_are_refused() -> None:
    assert refused(command="reboot").startswith("bundle: an object of")
    assert refused(model={"uri": "s3://bucket/x"}).startswith("model: an object of")
    assert refused(data="x").startswith("data = 'x': a list")
    assert refused(schema_version=2).startswith("schema_version = 2: accepted: 1")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBundle):
        parse(body, job=NAME, config=a_config())


def test_the_bundle_of_another_job_under_this_name_is_refused() -> None:
    other = a_job(run_id="other-20261123140500")
    with pytest.raises(InvalidBundle, match="job = 'other-"):
        parse(other.bundle_bytes(), job=NAME, config=a_config())


def test_paths_and_recipe_are_translated_where_the_nodes_see_the_folder_elsewhere() -> None:
    config = a_config("/home/me/my cloud/fs", runtime="process", mounted_at="/fsx")
    bundle = parse(a_job().bundle_bytes(), job=NAME, config=config)
    folder = f"/home/me/my cloud/fs/atelier/jobs/{NAME}"
    assert bundle.folder == folder
    assert bundle.output_path == f"{folder}/output"
    assert bundle.inputs[0].linked == "/home/me/my cloud/fs/datasets/a/train.jsonl"
    assert f"training_dir: {folder}/output" in bundle.recipe
    assert "/fsx" not in bundle.recipe
