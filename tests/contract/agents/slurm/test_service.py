"""The agent on real Slurm: what the pipeline asks for happens once, and what happens is told."""

from __future__ import annotations

import json
from pathlib import Path

from atelier.operations.model import Phase
from atelier.platforms.slurm import naming
from tests.fixtures.runs import BUCKET
from tests.fixtures.slurm.agent_process import POINTS
from tests.fixtures.slurm.pipeline import SlurmPipeline
from tests.fixtures.slurm_jobs import an_operation


def test_a_job_on_two_nodes_trains_and_its_output_comes_to_the_bucket(slurm_pipeline: SlurmPipeline) -> None:
    job = slurm_pipeline.submit("succeed", nodes=2)
    told = slurm_pipeline.wait_for(job, "COMPLETED")
    status = slurm_pipeline.describe(job)
    assert status.phase is Phase.SUCCEEDED, told
    assert status.result["model_artifacts"] == job.output_s3_uri
    assert slurm_pipeline.output(job) == {"model.safetensors", "manifest.json"}
    assert told["output_files"] == 2
    assert told["loss"] == 1.5
    logged = sorted(
        text.partition(" restart")[0] for text in slurm_pipeline.jobs.logs(job.name, containing=["rank"])
    )
    assert logged == ["0: rank 0 of 2", "1: rank 1 of 2"]


def test_a_job_that_fails_says_its_exit_code_and_the_end_of_its_log(slurm_pipeline: SlurmPipeline) -> None:
    job = slurm_pipeline.submit("fail")
    slurm_pipeline.wait_for(job, "FAILED")
    status = slurm_pipeline.describe(job)
    assert (status.phase, status.error) == (Phase.FAILED, "JobFailed")
    assert "exit code 7" in status.cause
    assert "the loss is not a number" in status.cause


def test_a_job_that_is_stopped_is_cancelled_in_slurm_after_it_was_told_to_save(
    slurm_pipeline: SlurmPipeline,
) -> None:
    job = slurm_pipeline.submit("wait")
    slurm_pipeline.eventually(Path(job.folder, "started.0").exists)
    slurm_pipeline.stop(job)
    slurm_pipeline.stop(job)
    assert slurm_pipeline.describe(job).is_stopping
    told = slurm_pipeline.wait_for(job, "CANCELLED")
    assert Path(job.folder, "saved").exists()
    assert told["slurm_job_id"] in slurm_pipeline.in_slurm(job)


def test_a_job_that_is_stopped_before_the_agent_saw_it_never_starts(slurm_pipeline: SlurmPipeline) -> None:
    slurm_pipeline.kill_agent()
    job = slurm_pipeline.submit("succeed")
    slurm_pipeline.stop(job)
    slurm_pipeline.start_agent()
    other = slurm_pipeline.submit("succeed")
    slurm_pipeline.wait_for(other, "COMPLETED")
    assert slurm_pipeline.told(job) == {}
    assert slurm_pipeline.describe(job).phase is Phase.ABSENT
    assert slurm_pipeline.in_slurm(job) == []


def test_a_message_that_comes_twice_or_never_is_one_job(slurm_pipeline: SlurmPipeline) -> None:
    slurm_pipeline.kill_agent()
    twice, never = slurm_pipeline.submit("succeed"), slurm_pipeline.job("succeed")
    slurm_pipeline.jobs.submit(an_operation(twice))
    slurm_pipeline.s3.put_object(
        Bucket=BUCKET, Key=naming.bundle_key(never.cluster, never.name), Body=never.bundle_bytes()
    )
    slurm_pipeline.start_agent()
    for job in (twice, never):
        slurm_pipeline.wait_for(job, "COMPLETED")
        assert len(slurm_pipeline.in_slurm(job)) == 1
    url = f"https://sqs/{slurm_pipeline.cluster.queue_name}"
    slurm_pipeline.eventually(lambda: not slurm_pipeline.sqs.messages(url))


def test_an_agent_that_dies_at_any_point_is_followed_by_one_that_goes_on(
    slurm_pipeline: SlurmPipeline,
) -> None:
    slurm_pipeline.kill_agent()
    job = slurm_pipeline.submit("succeed")
    for point in POINTS:
        slurm_pipeline.start_agent(die_at=point)
        slurm_pipeline.wait_until_agent_dies()
    slurm_pipeline.start_agent()
    slurm_pipeline.wait_for(job, "COMPLETED")
    bundle = slurm_pipeline.s3.path(BUCKET, naming.bundle_key(job.cluster, job.name))
    slurm_pipeline.eventually(lambda: not bundle.exists())
    assert len(slurm_pipeline.in_slurm(job)) == 1
    assert slurm_pipeline.output(job) == {"model.safetensors", "manifest.json"}


def test_a_job_runs_on_while_the_agent_is_away_and_while_the_controller_restarts(
    slurm_pipeline: SlurmPipeline,
) -> None:
    job = slurm_pipeline.submit("wait")
    slurm_pipeline.eventually(Path(job.folder, "started.0").exists)
    slurm_pipeline.kill_agent()
    slurm_pipeline.slurm.restart_controller()
    slurm_pipeline.release(job)
    slurm_pipeline.start_agent()
    slurm_pipeline.wait_for(job, "COMPLETED")
    assert len(slurm_pipeline.in_slurm(job)) == 1


def test_a_job_whose_node_goes_down_is_requeued_and_resumes(slurm_pipeline: SlurmPipeline) -> None:
    job = slurm_pipeline.submit("resume")
    slurm_pipeline.eventually(Path(job.folder, "state").exists)
    (node,) = [slurm_pipeline.wait_for(job, "RUNNING")["nodes"]]
    slurm_pipeline.slurm.hold(node)
    try:
        told = slurm_pipeline.wait_for(job, "COMPLETED")
    finally:
        slurm_pipeline.slurm.release(node)
    assert told["restarts"] == 1
    assert any("goes on from step 1" in text for text in slurm_pipeline.jobs.logs(job.name))


def test_fifty_jobs_at_once_are_fifty_jobs(slurm_pipeline: SlurmPipeline) -> None:
    jobs = [slurm_pipeline.submit("succeed") for _ in range(50)]
    for job in jobs:
        slurm_pipeline.wait_for(job, "COMPLETED")
    listed = slurm_pipeline.slurm.command("squeue", "--noheader", "--states=all", "--format=%j").split()
    assert all(listed.count(job.name) == 1 for job in jobs)


def test_what_slurm_refuses_is_told_and_not_tried_again(slurm_pipeline: SlurmPipeline) -> None:
    job = slurm_pipeline.job("succeed")
    changed = {**job.bundle(), "partition": "nowhere"}
    slurm_pipeline.s3.put_object(
        Bucket=BUCKET,
        Key=naming.bundle_key(job.cluster, job.name),
        Body=json.dumps(changed, sort_keys=True, separators=(",", ":")).encode(),
    )
    told = slurm_pipeline.wait_for(job, "REFUSED")
    assert "invalid partition" in told["reason"].lower()
    assert slurm_pipeline.in_slurm(job) == []


def test_sigterm_ends_the_agent_and_leaves_its_jobs(slurm_pipeline: SlurmPipeline) -> None:
    job = slurm_pipeline.submit("wait")
    slurm_pipeline.wait_for(job, "RUNNING")
    assert slurm_pipeline.end_agent() == 0
    assert slurm_pipeline.told(job)["state"] == "RUNNING"
    slurm_pipeline.release(job)
    slurm_pipeline.start_agent()
    slurm_pipeline.wait_for(job, "COMPLETED")
