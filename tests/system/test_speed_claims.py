"""The benchmarks that drive runs, at a small size, on the line that these tests have deployed already.

Slow because each drives one run of one job, whose processes take seconds to start.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from localcloud.common.home import Home
from tests.fixtures.benchmarks import printed
from tests.fixtures.deployed_pipeline import DeployedPipeline

pytestmark = pytest.mark.system


def test_the_latency_of_a_jobs_end_is_measured(
    capsys: pytest.CaptureFixture[str], deployed: DeployedPipeline
) -> None:
    result = printed(capsys, "job_end_latency", stages=1, deployed=lambda: nullcontext(deployed.pipeline))
    assert result["reference"] == 150


def test_the_way_of_a_job_through_slurm_is_measured(
    capsys: pytest.CaptureFixture[str], deployed: DeployedPipeline, slurm_home: Home
) -> None:
    result = printed(
        capsys, "slurm_submission", runs=1, deployed=lambda: nullcontext((deployed.pipeline, slurm_home))
    )
    assert result["unit"] == "s"
