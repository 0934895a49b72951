"""The agent on real Slurm: what the pipeline asks for happens once, and what happens is told."""

from __future__ import annotations

import json
from pathlib import Path

from atelier.operations.model import Phase
from atelier.platforms.slurm import naming
from tests.contract.slurm.agent_process import POINTS
from tests.contract.slurm.line import Line
from tests.support.runs import BUCKET
from tests.support.slurm_jobs import an_operation


def test_a_job_on_two_nodes_trains_and_its_output_comes_to_the_bucket(line: Line) -> None:
    job = line.submit("succeed", nodes=2)
    told = line.wait_for(job, "COMPLETED")
    status = line.describe(job)
    assert status.phase is Phase.SUCCEEDED, told
    assert status.result["model_artifacts"] == job.output_s3_uri
    assert line.output(job) == {"model.safetensors", "manifest.json"}
    assert told["output_files"] == 2
    assert told["loss"] == 1.5
    logged = sorted(text.partition(" restart")[0] for text in line.jobs.logs(job.name, containing=["rank"]))
    assert logged == ["0: rank 0 of 2", "1: rank 1 of 2"]


def test_a_job_that_fails_says_its_exit_code_and_the_end_of_its_log(line: Line) -> None:
    job = line.submit("fail")
    line.wait_for(job, "FAILED")
    status = line.describe(job)
    assert (status.phase, status.error) == (Phase.FAILED, "JobFailed")
    assert "exit code 7" in status.cause
    assert "the loss is not a number" in status.cause


def test_a_job_that_is_stopped_is_cancelled_in_slurm_after_it_was_told_to_save(line: Line) -> None:
    job = line.submit("wait")
    line.eventually(Path(job.folder, "started.0").exists)
    line.stop(job)
    line.stop(job)
    assert line.describe(job).is_stopping
    told = line.wait_for(job, "CANCELLED")
    assert Path(job.folder, "saved").exists()
    assert told["slurm_job_id"] in line.in_slurm(job)


def test_a_job_that_is_stopped_before_the_agent_saw_it_never_starts(line: Line) -> None:
    line.kill_agent()
    job = line.submit("succeed")
    line.stop(job)
    line.start_agent()
    other = line.submit("succeed")
    line.wait_for(other, "COMPLETED")
    assert line.told(job) == {}
    assert line.describe(job).phase is Phase.ABSENT
    assert line.in_slurm(job) == []


def test_a_message_that_comes_twice_or_never_is_one_job(line: Line) -> None:
    line.kill_agent()
    twice, never = line.submit("succeed"), line.job("succeed")
    line.jobs.submit(an_operation(twice))
    line.s3.put_object(
        Bucket=BUCKET, Key=naming.bundle_key(never.cluster, never.name), Body=never.bundle_bytes()
    )
    line.start_agent()
    for job in (twice, never):
        line.wait_for(job, "COMPLETED")
        assert len(line.in_slurm(job)) == 1
    url = f"https://sqs/{line.cluster.queue_name}"
    line.eventually(lambda: not line.sqs.messages(url))


def test_an_agent_that_dies_at_any_point_is_followed_by_one_that_goes_on(line: Line) -> None:
    line.kill_agent()
    job = line.submit("succeed")
    for point in POINTS:
        line.start_agent(die_at=point)
        line.wait_until_agent_dies()
    line.start_agent()
    line.wait_for(job, "COMPLETED")
    bundle = line.s3.path(BUCKET, naming.bundle_key(job.cluster, job.name))
    line.eventually(lambda: not bundle.exists())
    assert len(line.in_slurm(job)) == 1
    assert line.output(job) == {"model.safetensors", "manifest.json"}


def test_a_job_runs_on_while_the_agent_is_away_and_while_the_controller_restarts(line: Line) -> None:
    job = line.submit("wait")
    line.eventually(Path(job.folder, "started.0").exists)
    line.kill_agent()
    line.slurm.restart_controller()
    line.release(job)
    line.start_agent()
    line.wait_for(job, "COMPLETED")
    assert len(line.in_slurm(job)) == 1


def test_a_job_whose_node_goes_down_is_requeued_and_resumes(line: Line) -> None:
    job = line.submit("resume")
    line.eventually(Path(job.folder, "state").exists)
    (node,) = [line.wait_for(job, "RUNNING")["nodes"]]
    line.slurm.hold(node)
    try:
        told = line.wait_for(job, "COMPLETED")
    finally:
        line.slurm.release(node)
    assert told["restarts"] == 1
    assert any("goes on from step 1" in text for text in line.jobs.logs(job.name))


def test_fifty_jobs_at_once_are_fifty_jobs(line: Line) -> None:
    jobs = [line.submit("succeed") for _ in range(50)]
    for job in jobs:
        line.wait_for(job, "COMPLETED")
    listed = line.slurm.command("squeue", "--noheader", "--states=all", "--format=%j").split()
    assert all(listed.count(job.name) == 1 for job in jobs)


def test_what_slurm_refuses_is_told_and_not_tried_again(line: Line) -> None:
    job = line.job("succeed")
    changed = {**job.bundle(), "partition": "nowhere"}
    line.s3.put_object(
        Bucket=BUCKET,
        Key=naming.bundle_key(job.cluster, job.name),
        Body=json.dumps(changed, sort_keys=True, separators=(",", ":")).encode(),
    )
    told = line.wait_for(job, "REFUSED")
    assert "invalid partition" in told["reason"].lower()
    assert line.in_slurm(job) == []


def test_sigterm_ends_the_agent_and_leaves_its_jobs(line: Line) -> None:
    job = line.submit("wait")
    line.wait_for(job, "RUNNING")
    assert line.end_agent() == 0
    assert line.told(job)["state"] == "RUNNING"
    line.release(job)
    line.start_agent()
    line.wait_for(job, "COMPLETED")
