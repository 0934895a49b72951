"""What PublishReport finds at the end of a run that customized a tool-calling model and promoted it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from atelier import names
from atelier.datasets.run_check.validation import Validation
from atelier.errors import InvalidDataset
from atelier.operations.model import Operation, OperationKind, OperationState, Status
from atelier.runs import parse_run
from tests.support.datasets import EVALUATION, GEN_QA, TALK, TRAIN, lines
from tests.support.objects import FakeObjects
from tests.support.operations import ABSENT, RUN_ID
from tests.support.runs import BUCKET, a_run, a_stage

STARTED_AT = 1_795_442_700
MODEL_ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/k3v9d0m2x7qa"
DEPLOYMENT_ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/8h2kq0c4z1vw"
CHECKPOINT = "s3://customer-escrow-111122223333-smtj-a1b2c3/tool-calling-20261123140500-s{}/step_{}"

_PROMPTS = (
    (
        "Book a table for four at Marea tomorrow at 19:30.",
        'book_table(restaurant="Marea", party=4, at="19:30")',
    ),
    ("What's the weather like in Oslo on Friday?", 'get_weather(city="Oslo", day="friday")'),
    ("Refund order 48113, the lamp arrived broken.", 'refund_order(order_id=48113, reason="damaged")'),
)


def a_decision(*, passed: bool = True) -> dict[str, Any]:
    """The gate's answer of two rules, the second of which may have failed."""
    return {
        "passed": passed,
        "rules": [
            {
                "rule": "gen_qa.exact_match must be at least 0.90",
                "metric": "gen_qa.exact_match",
                "candidate": 0.94,
                "baseline": None,
                "threshold": 0.9,
                "passed": True,
                "reason": "gen_qa.exact_match 0.94 is at least 0.90",
            },
            {
                "rule": "gen_qa.f1_score must be better than the baseline by at least 0.05",
                "metric": "gen_qa.f1_score",
                "candidate": 0.981 if passed else 0.412,
                "baseline": 0.4073,
                "threshold": 0.05,
                "passed": passed,
                "reason": f"gen_qa.f1_score {'0.981' if passed else '0.412'} is better than the baseline's "
                f"0.4073 by {'0.5737' if passed else '0.0047'} "
                "(must be better than the baseline by at least 0.05)",
            },
        ],
    }


def the_scores() -> list[dict[str, Any]]:
    """Results of ReadMetrics for both models."""
    candidate = {
        "exact_match": 0.94,
        "quasi_exact_match": 0.95,
        "f1_score": 0.981,
        "rouge1": 0.9824,
        "bleu": 0.9411,
    }
    baseline = {
        "exact_match": 0.0,
        "quasi_exact_match": 0.0,
        "f1_score": 0.4073,
        "rouge1": 0.4231,
        "bleu": 0.1045,
    }
    answers = {
        "candidate": [gold for _, gold in _PROMPTS[:2]] + ['refund_order(order_id=48113, reason="broken")'],
        "baseline": [
            "I can help you book a table. Which restaurant?",
            "get_weather(city=",
            "I am sorry to hear that.",
        ],
    }
    return [
        {
            "evaluation_index": 0,
            "task": "gen_qa",
            "subject": subject,
            "metrics": metrics,
            "stderr": {},
            "rows": 200,
            "examples": [
                {"prompt": prompt, "inference": answer, "gold": gold}
                for (prompt, gold), answer in zip(_PROMPTS, answers[subject], strict=True)
            ],
        }
        for subject, metrics in (("candidate", candidate), ("baseline", baseline))
    ]


def an_event(**changes: Any) -> dict[str, Any]:
    """The event of a run with an SFT and a DPO stage that was promoted."""
    stages = [
        a_stage(
            adaptation="lora",
            platform="training-job",
            hyperparameters={"learning_rate": 1e-5, "max_epochs": 2},
        ),
        a_stage(technique="dpo", adaptation="lora", platform="training-job"),
    ]
    event: dict[str, Any] = {
        "run_id": RUN_ID,
        "run": a_run(stages=stages),
        "status": "PROMOTED",
        "failure": None,
        "recipes": [
            {
                "field": "stages.0",
                "recipe": "nova_micro_1_0_g5_g6_12x_gpu_lora_sft",
                "origin": "shipped",
                "platform": "training-job",
                "instance_type": "ml.g5.12xlarge",
                "replicas": 1,
            }
        ],
        "warnings": ["stages.0.replicas = 1: AWS's sources disagree"],
        "stages": [
            {"stage_index": i, "checkpoint": CHECKPOINT.format(i, 120), "job_name": f"{RUN_ID}-s{i}"}
            for i in (0, 1)
        ],
        "scores": the_scores(),
        "decision": a_decision(),
        "approval": {"approved": True, "by": "mara", "comment": "numbers look right"},
        "smoke_test": {
            "healthy": True,
            "reason": "all 2 scenarios were answered as expected, the slowest in 640 ms",
            "replies": [
                {"prompt": p, "reply": g, "latency_ms": ms, "problem": ""}
                for (p, g), ms in zip(_PROMPTS[:2], (640, 512), strict=True)
            ],
        },
        "model_arn": MODEL_ARN,
        "promotion": {"deployment_arn": DEPLOYMENT_ARN, "previous_model_arn": None},
        "baseline": {"source": "base-model", "model": "nova-micro/prod", "run_id": None, "model_arn": None},
    }
    return event | changes


def the_rows() -> list[Operation]:
    """The run's rows of the operations table, one after the other."""
    rows, at = [], STARTED_AT
    for step, kind, seconds in (
        ("s0", OperationKind.TRAINING_JOB, 5230),
        ("s1", OperationKind.TRAINING_JOB, 2710),
        ("e0b", OperationKind.TRAINING_JOB, 900),
        ("e0c", OperationKind.TRAINING_JOB, 960),
        (names.APPROVAL, OperationKind.APPROVAL, 1500),
        (names.CUSTOM_MODEL, OperationKind.CUSTOM_MODEL, 610),
        (names.DEPLOYMENT, OperationKind.DEPLOYMENT, 720),
        (names.PROMOTION, OperationKind.PROMOTION, 340),
    ):
        rows.append(
            Operation(
                run_id=RUN_ID,
                step=step,
                kind=kind,
                request={},
                token="a-secret-token",
                recorded_at=at,
                deadline=at + 86_400,
                state=OperationState.ENDED,
                ended_at=at + seconds,
            )
        )
        at += 0 if step == "e0b" else seconds
    return rows


class LoggedJobs:
    """Port TrainingJobs, of which a report asks only the logs: a falling loss and, in stage 2, a reward."""

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        yield "starting"
        for step in range(1, 121):
            loss = 2.6 * math.exp(-step / 30) + 0.21 + 0.05 * math.sin(step * 1.7)
            reward = (
                f" reward_accuracy={1 - 0.5 * math.exp(-step / 25):.4f}" if job_name.endswith("s1") else ""
            )
            yield f"[rank0] global_step={step} reduced_train_loss={loss:.4f} learning_rate=1e-05{reward}"
            if step % 20 == 0:
                yield f"global_step={step} val_loss={loss + 0.09:.4f}"

    def submit(self, operation: Operation) -> None:
        raise AssertionError("a report starts nothing")

    def describe(self, operation: Operation) -> Status:
        return ABSENT

    def stop(self, operation: Operation) -> None:
        raise AssertionError("a report stops nothing")


SUMMARY_URI = f"s3://{BUCKET}/{names.validation_key(RUN_ID, 'summary.json')}"


def the_summary(train: bytes | None = None) -> bytes:
    """What validation leaves of the run's datasets; by default conversations without schemaVersion."""
    version_less = {"messages": TALK["messages"]}
    stored = {TRAIN: lines(*[version_less] * 800) if train is None else train, GEN_QA: lines(EVALUATION)}
    objects = FakeObjects(stored)
    run = parse_run(a_run())
    with suppress(InvalidDataset):
        Validation.of(run, run_id=RUN_ID, environment="dev", bucket=BUCKET, objects=objects).begin(
            chunk_bytes=1_000_000
        )
    return objects.stored[SUMMARY_URI]


RECIPE_URI = f"s3://{BUCKET}/{names.recipe_key(RUN_ID, 's0')}"
RECIPE = b"run:\n  name: tool-calling\n  model_type: amazon.nova-micro-v1:0:128k\ntraining_config: {}\n"
