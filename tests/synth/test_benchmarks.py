"""The benchmarks that render templates or bundles, at a small size.

Seconds each, because they start Node; `synth` in three processes, because it measures fresh starts.
"""

from __future__ import annotations

import pytest

from tests.fixtures.benchmarks import printed

pytestmark = pytest.mark.synth


def test_the_state_transitions_of_a_long_job_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    result = printed(capsys, "state_transitions", long_seconds=600)
    assert result["ours"] == result["reference"]


def test_the_rendering_of_every_stack_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "synth", environment="LOCAL", rounds=1)["unit"] == "s"


def test_the_size_of_the_bundles_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "bundle_size", packages=["s3transfer"])["unit"] == "MiB"
