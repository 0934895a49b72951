"""A run's datasets, checked at once or in parts of any size: one truth."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, strategies as st

from atelier.datasets.run_check.run_datasets import datasets_of
from atelier.datasets.run_check.validation import Validation
from atelier.errors import InvalidDataset
from tests.fixtures.datasets import EVALUATION, GEN_QA, TALK, TRAIN, asking, lines
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan
from tests.fixtures.runs import BUCKET, RUN_ID

FOLDER = f"s3://{BUCKET}/runs/{RUN_ID}/validation/"
DATASETS = datasets_of(a_plan())
TRAINING_LINES = st.sampled_from(
    [
        lines(TALK),
        lines({**TALK, "system": [{"text": "Be kind"}]}),
        lines({**TALK, "messages": TALK["messages"][:1]}),
        lines(asking(EVALUATION["query"])),
        lines(asking("Größe? " * 20)),
        *(b"{oops\n", b"\n", b"\xff\n", b"\xef\xbb\xbf{}\n", b"[]\n"),
    ]
)
EVALUATION_LINES = st.sampled_from([lines(EVALUATION), b"{oops\n", lines({"query": "?"})])


def checked(train: bytes, evaluation: bytes, chunk_bytes: int) -> tuple[object, dict[str, bytes]]:
    """What the check says or returns, and what it leaves for people."""
    objects = FakeObjects({TRAIN: train, GEN_QA: evaluation})
    validation = Validation(RUN_ID, DATASETS, BUCKET, objects)
    said: object = None
    try:
        said, parts = validation.begin(chunk_bytes=chunk_bytes)
        for part in reversed(parts):
            validation.check_chunk(part)
        if parts:
            said = validation.conclude()
    except InvalidDataset as refused:
        said = str(refused)
    exchanged = (FOLDER + "plan", FOLDER + "parts/", FOLDER + "fingerprints/")
    return said, {
        uri: content
        for uri, content in objects.stored.items()
        if uri.startswith(FOLDER) and not uri.startswith(exchanged)
    }


@given(
    st.lists(TRAINING_LINES, max_size=12),
    st.lists(EVALUATION_LINES, max_size=3),
    st.booleans(),
    st.integers(40, 600),
)
def test_a_check_in_parts_of_any_size_says_and_leaves_what_the_check_at_once_does(
    train: list[bytes], evaluation: list[bytes], ends_with_newline: bool, chunk_bytes: int
) -> None:
    content = b"".join(train) if ends_with_newline else b"".join(train).removesuffix(b"\n")
    at_once = checked(content, b"".join(evaluation), 10**9)
    assert checked(content, b"".join(evaluation), chunk_bytes) == at_once


@given(st.lists(TRAINING_LINES, min_size=1, max_size=12), st.integers(40, 600))
def test_a_file_is_refused_exactly_when_a_finding_refuses_it(train: list[bytes], chunk_bytes: int) -> None:
    _, left = checked(b"".join(train), lines(EVALUATION), chunk_bytes)
    dataset, _ = json.loads(left[FOLDER + "summary.json"])["datasets"]
    findings = []
    with suppress(KeyError):
        findings = [json.loads(line) for line in left[FOLDER + "stages.0.train.jsonl"].splitlines()]
    assert dataset["is_valid"] == all(finding["severity"] == "warn" for finding in findings)
    assert sum(rule["count"] for rule in dataset["rules"]) == len(findings)
