"""Datasets that are larger than one function checks: cut into parts, checked side by side, told as one file.

The embedded environment's limit is so small that the example's training file is of that kind.
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

import pytest

from atelier import names
from config.environments.local import LOCAL
from tests.fixtures.deployed_pipeline import EXAMPLES, DeployedPipeline, quick
from tests.fixtures.deployed_roles import without_action

pytestmark = pytest.mark.system

TRAIN = EXAMPLES / "data" / "train.jsonl"
UNANSWERED_LINE = 17


def run_on(deployed: DeployedPipeline, name: str, content: bytes) -> dict[str, Any]:
    """A run file whose stage trains on this content."""
    file = deployed.folder / f"{name}.jsonl"
    file.write_bytes(content)
    document = quick(name)
    document["stages"][0]["train"] = str(file)
    return document


def read(deployed: DeployedPipeline, run_id: str, file_name: str) -> bytes:
    return deployed.pipeline.objects.read(deployed.pipeline.uri(names.validation_key(run_id, file_name)))


def test_defects_in_a_file_of_several_parts_are_told_by_line_and_byte_and_refuse_the_run(
    deployed: DeployedPipeline,
) -> None:
    rows = TRAIN.read_bytes().splitlines(keepends=True)
    offsets = [0, *accumulate(len(row) for row in rows)]
    part_bytes = LOCAL.dataset_part_bytes
    across_the_cut = next(number for number, offset in enumerate(offsets) if offset > part_bytes)
    # Each defect keeps its line's length, so that all other lines stay where they are.
    unanswered = json.loads(rows[UNANSWERED_LINE - 1])
    unanswered["messages"].pop()
    text = json.dumps(unanswered).encode()
    rows[UNANSWERED_LINE - 1] = text + b" " * (len(rows[UNANSWERED_LINE - 1]) - len(text) - 1) + b"\n"
    rows[across_the_cut - 1] = rows[across_the_cut - 1].replace(b"{", b"[", 1)
    rows[-1] = b"\xff" + rows[-1][1:]
    expected = [(number, offsets[number - 1]) for number in (UNANSWERED_LINE, across_the_cut, len(rows))]

    run = deployed.run(run_on(deployed, "defective-data", b"".join(rows)))

    assert (run.status, run.error) == ("FAILED", "InvalidDataset"), run.cause
    for number, offset in expected:
        assert f"stages.0.train (defective-data.jsonl), line {number:,} (byte {offset:,})" in run.cause
    found = [json.loads(text) for text in read(deployed, run.run_id, "stages.0.train.jsonl").splitlines()]
    assert [(finding["line"], finding["offset"]) for finding in found if finding["line"]] == expected
    pieces = json.loads(read(deployed, run.run_id, "plan.json"))["pieces"]
    assert len([piece for piece in pieces if not piece["here"]]) == -(-offsets[-1] // part_bytes) > 1
    (dataset,) = deployed.report(run.run_id)["datasets"]
    assert (dataset["rows"], dataset["is_valid"]) == (len(rows), False)


def test_a_clean_file_of_several_parts_is_trained_on(deployed: DeployedPipeline) -> None:
    run_id = deployed.start(run_on(deployed, "clean-data", TRAIN.read_bytes()))
    deployed.wait_until_started(run_id, "s0")
    summary = json.loads(read(deployed, run_id, "summary.json"))
    assert [dataset["rows"] for dataset in summary["datasets"]] == [len(TRAIN.read_bytes().splitlines())]
    visited = [visit.state for visit in deployed.pipeline.executions.visits(run_id)]
    assert (
        visited.index("ValidateDatasetParts") < visited.index("MergeFindings") < visited.index("FindBaseline")
    )
    deployed.pipeline.operations.request_stop(run_id)
    deployed.pipeline.reconcile_now(run_id)
    assert deployed.wait(run_id).error == "RunStopped"


def test_a_part_that_may_not_be_read_fails_the_run_with_the_part_and_the_action_named(
    deployed: DeployedPipeline,
) -> None:
    with without_action(deployed, "validate_dataset_part", "s3:GetObject"):
        run = deployed.run(run_on(deployed, "unread-data", TRAIN.read_bytes()))
    assert (run.status, run.error) == ("FAILED", "DatasetUnchecked"), run.cause
    assert (
        "- stages.0.train (unread-data.jsonl), bytes 0 to 1,000,000: AccessRefused: s3:GetObject" in run.cause
    )
