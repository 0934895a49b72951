from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.embedded_cloud.account import BUCKET, Account, policy, until

LIFE = ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def test_a_job_goes_through_its_states_and_leaves_manifest_escrow_and_logs(
    account: Account, training_role: str
) -> None:
    request = account.job(training_role)
    name = request["TrainingJobName"]
    account.client("sagemaker").create_training_job(**request)
    job = account.ended(name)
    statuses = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert [status for status in statuses if status != "Pending"] == LIFE
    assert job["TrainingEndTime"] >= job["TrainingStartTime"] >= job["CreationTime"]
    assert job["BillableTimeInSeconds"] >= 1
    manifest = _manifest(account, name)
    assert manifest["checkpoint_s3_bucket"].startswith("s3://customer-escrow-000000000000-smtj-")
    assert manifest["checkpoint_s3_bucket"].endswith(f"/{name}/step_2")
    assert _log(account, name) == [
        "credentials=",
        "inputs=input/data/recipe/recipe.yaml,input/data/train/train.jsonl",
        "global_step=1 reduced_train_loss=1.0000",
        "global_step=2 reduced_train_loss=0.5000",
    ]


def test_the_escrow_bucket_cannot_be_read_by_anyone_in_the_account(
    account: Account, training_role: str
) -> None:
    request = account.job(training_role)
    account.client("sagemaker").create_training_job(**request)
    account.ended(request["TrainingJobName"])
    uri = _manifest(account, request["TrainingJobName"])["checkpoint_s3_bucket"]
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    s3 = account.client("s3")
    weights = {"Bucket": bucket, "Key": f"{prefix}/weights"}
    for refused, arguments in (
        (s3.get_object, weights),
        (s3.list_objects_v2, {"Bucket": bucket}),
        (s3.delete_object, weights),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused(**arguments)


def test_a_job_continues_from_a_checkpoint_in_escrow(account: Account, training_role: str) -> None:
    first = account.job(training_role)
    sagemaker = account.client("sagemaker")
    sagemaker.create_training_job(**first)
    account.ended(first["TrainingJobName"])
    uri = _manifest(account, first["TrainingJobName"])["checkpoint_s3_bucket"]
    second = account.job(training_role, HyperParameters={"base_model_location": uri})
    sagemaker.create_training_job(**second)
    assert account.ended(second["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    assert f"checkpoint=weights of {first['TrainingJobName']}" in _log(account, second["TrainingJobName"])


def test_a_job_on_open_weights_finds_them_in_channel_model_and_needs_no_base_model(
    account: Account, training_role: str
) -> None:
    for name in ("config.json", "model.safetensors"):
        account.client("s3").put_object(Bucket=BUCKET, Key=f"base-models/open/{name}", Body=b"{}")
    request = account.job(training_role, HyperParameters={"script": "train"})
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/base-models/open/"}
    request["InputDataConfig"].append({"ChannelName": "model", "DataSource": {"S3DataSource": source}})
    account.client("sagemaker").create_training_job(**request)

    ended = account.ended(request["TrainingJobName"])

    assert ended["TrainingJobStatus"] == "Completed", ended.get("FailureReason")
    (inputs,) = [line for line in _log(account, request["TrainingJobName"]) if line.startswith("inputs=")]
    assert "input/data/model/config.json,input/data/model/model.safetensors" in inputs


def test_every_state_change_is_an_event_as_sagemaker_sends_it(account: Account, training_role: str) -> None:
    queue_url = _events_into_a_queue(account)
    request = account.job(training_role, Tags=[{"Key": "run", "Value": "r"}])
    account.client("sagemaker").create_training_job(**request)
    account.ended(request["TrainingJobName"])
    events = _received(account, queue_url, request["TrainingJobName"], last="Completed")
    first = events[0]
    assert (first["source"], first["detail-type"]) == ("aws.sagemaker", "SageMaker Training Job State Change")
    assert first["resources"] == [first["detail"]["TrainingJobArn"]]
    assert first["detail"]["Tags"] == {"run": "r"}
    assert first["detail"]["CreationTime"] > 1_000_000_000_000
    states = [event["detail"]["SecondaryStatus"] for event in events]
    assert [state for state in dict.fromkeys(states) if state != "Pending"] == LIFE
    assert states.count("Completed") == 2


def test_a_failing_container_gives_its_message_and_exit_code(account: Account, training_role: str) -> None:
    request = account.job(training_role, "fail")
    account.client("sagemaker").create_training_job(**request)
    job = account.ended(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: the loss is not a number, exit code: 3"


def test_a_stopped_job_is_stopped_and_a_second_stop_is_refused(account: Account, training_role: str) -> None:
    request = account.job(training_role, "wait")
    name = request["TrainingJobName"]
    sagemaker = account.client("sagemaker")
    sagemaker.create_training_job(**request)
    until(lambda: sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training")
    sagemaker.stop_training_job(TrainingJobName=name)
    job = account.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "Stopping" in [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    with pytest.raises(ClientError, match="ValidationException"):
        sagemaker.stop_training_job(TrainingJobName=name)


def test_a_stopped_job_leaves_what_it_saved_within_its_grace_period(
    account: Account, training_role: str
) -> None:
    request = account.job(training_role, "wait-and-save")
    name = request["TrainingJobName"]
    sagemaker = account.client("sagemaker")
    sagemaker.create_training_job(**request)
    until(lambda: any("val_loss" in line for line in _log(account, name)))
    sagemaker.stop_training_job(TrainingJobName=name)
    job = account.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert _manifest(account, name)["checkpoint_s3_bucket"].endswith(f"/{name}/step_1")


def test_log_lines_are_found_by_any_of_several_texts(account: Account, training_role: str) -> None:
    request = account.job(training_role)
    account.client("sagemaker").create_training_job(**request)
    account.ended(request["TrainingJobName"])
    found = account.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=f"{request['TrainingJobName']}/",
        filterPattern='?"global_step=2" ?"credentials"',
    )
    messages = [event["message"] for event in found["events"]]
    assert messages == ["credentials=", "global_step=2 reduced_train_loss=0.5000"]


def test_a_job_past_its_stopping_condition_is_stopped_as_max_runtime_exceeded(
    account: Account, training_role: str
) -> None:
    request = account.job(training_role, "wait", StoppingCondition={"MaxRuntimeInSeconds": 1})
    account.client("sagemaker").create_training_job(**request)
    job = account.ended(request["TrainingJobName"])
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_third_job_is_pending_until_one_of_two_ends(account: Account, training_role: str) -> None:
    sagemaker = account.client("sagemaker")
    jobs = [account.job(training_role, "wait") for _ in range(3)]
    for request in jobs:
        sagemaker.create_training_job(**request)
        _until_secondary(account, request, "Pending" if request is jobs[2] else "Training")
    sagemaker.stop_training_job(TrainingJobName=jobs[0]["TrainingJobName"])
    _until_secondary(account, jobs[2], "Training")
    for request in jobs[1:]:
        sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
        account.ended(request["TrainingJobName"])


def test_a_name_is_taken_for_good(account: Account, training_role: str) -> None:
    sagemaker = account.client("sagemaker")
    request = account.job(training_role)
    sagemaker.create_training_job(**request)
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match=request["TrainingJobName"]):
        sagemaker.create_training_job(**request)
    account.ended(request["TrainingJobName"])
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_training_job(**request)


def test_jobs_are_listed_by_name_and_status_page_by_page(account: Account, training_role: str) -> None:
    sagemaker = account.client("sagemaker")
    word = account.fresh("listed")
    names = [f"{word}-{index}" for index in range(3)]
    for name in names:
        sagemaker.create_training_job(**account.job(training_role, TrainingJobName=name))
        account.ended(name)
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=word, StatusEquals="Completed", SortBy="Name", SortOrder="Ascending", MaxResults=2
    )
    assert [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages] == [
        names[:2],
        names[2:],
    ]


def test_tags_are_kept_changed_and_listed(account: Account, training_role: str) -> None:
    sagemaker = account.client("sagemaker")
    request = account.job(training_role, Tags=[{"Key": "run", "Value": "r"}])
    arn = sagemaker.create_training_job(**request)["TrainingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "t"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["run"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "t"}]
    account.ended(request["TrainingJobName"])


def test_a_deleted_job_is_gone_and_a_running_one_cannot_be_deleted(
    account: Account, training_role: str
) -> None:
    sagemaker = account.client("sagemaker")
    request = account.job(training_role, "wait")
    name = request["TrainingJobName"]
    sagemaker.create_training_job(**request)
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.delete_training_job(TrainingJobName=name)
    sagemaker.stop_training_job(TrainingJobName=name)
    account.ended(name)
    sagemaker.delete_training_job(TrainingJobName=name)
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_training_job(TrainingJobName=name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TrainingJobName": "under_score"}, "'trainingJobName' failed to satisfy constraint"),
        ({"ServerlessJobConfig": {"BaseModelArn": "arn:x", "JobType": "Evaluation"}}, "baseModelArn"),
        (
            {"AlgorithmSpecification": {"TrainingImage": "other:latest", "TrainingInputMode": "File"}},
            "'other:latest'",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": "other:latest", "TrainingInputMode": "Fax"}},
            "enum value set: [Pipe, File, FastFile]",
        ),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}},
            "InstanceCount must be 1, got 2",
        ),
        ({"HyperParameters": {"k": "v" * 2501}}, "length less than or equal to 2500"),
    ],
)
def test_a_request_that_sagemaker_would_refuse_is_refused_naming_the_field(
    account: Account, training_role: str, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError) as refused:
        account.client("sagemaker").create_training_job(**account.job(training_role, **change))
    assert said in str(refused.value)


NOTHING = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/nothing/"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"HyperParameters": {"base_model": "nova-micro/prod"}}, "cloud only trains 'atelier-tiny/prod'"),
        (
            {"HyperParameters": {"base_model_location": "s3://customer-escrow-1-smtj-2/j"}},
            "not a checkpoint of this account",
        ),
        (
            {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": NOTHING}}]},
            "No S3 objects found",
        ),
        ({"OutputDataConfig": {"S3OutputPath": "s3://no-such-bucket-here/out"}}, "Artifact upload failed"),
    ],
)
def test_what_goes_wrong_in_a_job_is_its_failure_reason(
    account: Account, training_role: str, change: dict[str, Any], reason: str
) -> None:
    request = account.job(training_role, **change)
    account.client("sagemaker").create_training_job(**request)
    job = account.ended(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Failed"
    assert reason in job["FailureReason"]


def test_the_execution_role_decides_what_a_job_may_read(account: Account) -> None:
    only_recipes = account.role("sagemaker", policy((["s3:ListBucket"], f"arn:aws:s3:::{BUCKET}")))
    request = account.job(only_recipes)
    account.client("sagemaker").create_training_job(**request)
    job = account.ended(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Failed"
    assert "Data download failed" in job["FailureReason"]
    assert "403" in job["FailureReason"] or "AccessDenied" in job["FailureReason"]


def test_a_role_that_may_not_write_logs_costs_only_the_logs(account: Account) -> None:
    silent = account.role("sagemaker", policy((["s3:*"], "*")))
    request = account.job(silent)
    account.client("sagemaker").create_training_job(**request)
    assert account.ended(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    assert _log(account, request["TrainingJobName"]) == []


def _manifest(account: Account, job_name: str) -> dict[str, Any]:
    key = f"runs/r/output/{job_name}/output/output.tar.gz"
    body = account.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        member = archive.extractfile("manifest.json")
        assert member is not None
        return dict(json.load(member))


def _log(account: Account, job_name: str) -> list[str]:
    logs = account.client("logs")
    try:
        found = logs.filter_log_events(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{job_name}/"
        )
    except logs.exceptions.ResourceNotFoundException:
        return []  # the account's first job makes the group
    return [event["message"] for event in found["events"]]


def _until_secondary(account: Account, request: dict[str, Any], status: str) -> None:
    sagemaker, name = account.client("sagemaker"), request["TrainingJobName"]
    until(lambda: sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == status)


def _events_into_a_queue(account: Account) -> str:
    sqs, events = account.client("sqs"), account.client("events")
    name = account.fresh("events")
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def _received(account: Account, url: str, job_name: str, *, last: str) -> list[dict[str, Any]]:
    """The job's events, until the last state's second one is there."""
    sqs = account.client("sqs")
    events: list[dict[str, Any]] = []

    def look() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            if event["detail"]["TrainingJobName"] == job_name:
                events.append(event)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [event["detail"]["SecondaryStatus"] for event in events].count(last) == 2

    until(look)
    return events
