"""A run file that is right, to be made wrong one field at a time, and the environment it runs in."""

from __future__ import annotations

from typing import Any

from lambdas.settings import Settings

BUCKET = "atelier-data"
RUN_ID = "tool-calling-20261123140500"

SETTINGS = Settings(
    environment="dev",
    region="us-east-1",
    bucket=BUCKET,
    operations_table="operations",
    topic_arn="arn:aws:sns:us-east-1:111122223333:runs",
    key_arn="arn:aws:kms:us-east-1:111122223333:key/1",
    training_role_arn="arn:aws:iam::111122223333:role/training",
    distillation_role_arn="arn:aws:iam::111122223333:role/distillation",
    model_role_arn="arn:aws:iam::111122223333:role/model",
    dataset_part_bytes=1_000_000_000,
)


def a_stage(**changes: Any) -> dict[str, Any]:
    """An SFT LoRA stage."""
    return {"technique": "sft", "train": f"s3://{BUCKET}/datasets/a/train.jsonl"} | changes


def a_run(**changes: Any) -> dict[str, Any]:
    """One stage, one evaluation, one gate rule, one deployment."""
    run: dict[str, Any] = {
        "name": "tool-calling",
        "base_model": "nova-micro",
        "stages": [a_stage()],
        "evaluation": [{"task": "gen_qa", "dataset": f"s3://{BUCKET}/datasets/b/gen_qa.jsonl"}],
        "gate": [{"metric": "gen_qa.exact_match", "at_least": 0.9}],
        "deployment": {"target": "bedrock-on-demand", "name": "support-agent"},
    }
    return run | changes
