"""A file checked in parts: the same report however it is cut."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from atelier.datasets import Bound, Format, Part, Report, Requirements, check
from atelier.datasets.lines.part import FINDINGS_KEPT
from atelier.datasets.scan.merge import merge
from atelier.datasets.scan.scan import scan
from tests.fixtures.broken_files import Trickle, files
from tests.fixtures.samples import CLEAN

TEXT = json.dumps(CLEAN["sft text"][1]).encode() + b"\n"
TOOLS = json.dumps(CLEAN["sft call"][1]).encode() + b"\n"
DEMANDS = [
    Requirements(),
    Requirements(min_rows=Bound(5, "one batch"), max_line_bytes=300),
    Requirements(max_rows=Bound(1, "a quota"), max_file_bytes=10),
]


def in_parts(data: bytes, cuts: list[int], requirements: Requirements, most: int = 400) -> Report:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    parts = []
    for start, end in pairwise(edges):
        stream = Trickle(data[max(start - 1, 0) :], most)
        part = scan(stream, Format.SFT, requirements, start=start, end=end)
        parts.append(Part.from_json(json.loads(json.dumps(part.to_json()))))
    return merge(reversed(parts), Format.SFT, requirements)


@settings(max_examples=300, deadline=None)
@given(
    data=files(),
    cuts=st.lists(st.integers(0, 3_000), max_size=6, unique=True),
    requirements=st.sampled_from(DEMANDS),
    most=st.integers(1, 400),
)
def test_a_report_is_the_same_however_the_file_is_cut(
    data: bytes, cuts: list[int], requirements: Requirements, most: int
) -> None:
    assert in_parts(data, cuts, requirements, most) == check(BytesIO(data), Format.SFT, requirements)


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=60).map(lambda data: data.replace(b"a", b"\n")), cuts=st.lists(st.integers(0, 60))
)
def test_any_bytes_give_one_report_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    assert in_parts(data, sorted(set(cuts)), Requirements()) == check(BytesIO(data), Format.SFT)


def test_every_cut_of_a_file_gives_the_same_report() -> None:
    data = TEXT + b"\n{oops\n" + TOOLS + TEXT[:-1]
    whole = check(BytesIO(data), Format.SFT)
    assert [cut for cut in range(len(data) + 1) if in_parts(data, [cut], Requirements()) != whole] == []


def test_a_key_that_some_rows_lack_is_one_finding_with_the_first_line() -> None:
    report = in_parts(TOOLS * 3 + TEXT + TOOLS, [len(TOOLS) * 3], Requirements())
    finding = next(finding for finding in report.findings if finding.at == "toolConfig")
    assert (finding.line, finding.rule) == (0, "all-or-none")
    assert finding.found == "in 4 of 5 rows; first without at line 4"


def test_findings_of_the_file_come_first_and_all_are_counted() -> None:
    requirements = Requirements(min_rows=Bound(20_000, "one batch (global_batch_size 20000)"))
    data = b"[]\n" * (FINDINGS_KEPT + 5)
    report = in_parts(data, [600, 9_000], requirements)
    assert report.findings[0].rule == "min-rows"
    assert str(report.findings[0]).endswith("at least 20,000: one batch (global_batch_size 20000) (min-rows)")
    assert [finding.line for finding in report.findings[1:]] == list(range(1, FINDINGS_KEPT + 1))
    assert (report.counts["object"], report.is_valid) == (FINDINGS_KEPT + 5, False)


def test_a_file_without_rows_is_refused() -> None:
    assert [finding.rule for finding in check(BytesIO(b""), Format.SFT).findings] == ["rows"]


def test_a_report_survives_the_way_through_json() -> None:
    report = check(BytesIO(TEXT + b"{oops\n"), Format.SFT)
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_warning_leaves_a_file_valid() -> None:
    report = check(BytesIO(TEXT.replace(b"bedrock-conversation-2024", b"another")), Format.SFT)
    assert report.counts == {"schema-version": 1}
    assert report.is_valid
