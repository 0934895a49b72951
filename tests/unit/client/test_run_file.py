"""Reading a run file from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.errors import InvalidRequest
from client.run_file import read_run_file


@pytest.mark.parametrize(
    "text",
    [b"name: [open", b"name: \xff", b"name: 2026-13-45", b"name: !!int seven", b"name: " + b"[" * 3_000],
    ids=["cut", "not UTF-8", "no date", "no number", "deep"],
)
def test_a_file_that_is_not_yaml_is_refused_by_its_name(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(text)

    with pytest.raises(InvalidRequest, match=r"run file .*run\.yaml is not YAML: "):
        read_run_file(file)


def test_a_key_that_is_there_twice_is_not_lost_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("name: one\nstages:\n  - {train: a, train: b}\nbase_model: x\n")

    with pytest.raises(
        InvalidRequest, match=r'run\.yaml, line 3: found duplicate key "train" with value "b"'
    ):
        read_run_file(file)


def test_a_number_in_exponential_form_is_a_number_without_a_point_too(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("learning_rate: 1e-5\n")

    assert read_run_file(file) == {"learning_rate": 1e-5}


def test_keys_that_are_merged_in_can_be_set_again(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: *a, y: 4}\n")

    assert read_run_file(file)["b"] == {"x": 1, "y": 3}
