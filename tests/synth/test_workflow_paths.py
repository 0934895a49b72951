"""Every path through the workflow, with scripted functions in the embedded cloud's interpreter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from localcloud.common.home import REPOSITORY, cloud_python
from tests.fixtures.state_machine import definition_text
from tests.fixtures.synthesis import Synthesis

pytestmark = pytest.mark.synth

RUN_ID = "tool-calling-20261123140500"
SUBMITTED = {"name": "tool-calling"}
NORMALISED = {"name": "tool-calling", "approval": "none"}
PLAN = {
    "run": NORMALISED,
    "stage_count": 1,
    "evaluations": [
        {"evaluation_index": 0, "subject": "candidate"},
        {"evaluation_index": 0, "subject": "baseline"},
    ],
    "approval_required": False,
    "deployment_wanted": True,
    "recipes": [{"field": "stages.0", "recipe": "a_recipe", "origin": "shipped"}],
    "warnings": ["a dispute"],
}
BASELINE = {"source": "base-model", "model": "nova-micro/prod", "run_id": None, "model_arn": None}
ANSWERS: Mapping[str, Any] = {
    "validate_run": PLAN,
    "validate_datasets": {"datasets": [], "parts": []},
    "validate_dataset_part": {"part": 0, "rows": 1, "findings": 0},
    "merge_findings": {"datasets": []},
    "find_baseline": {"baseline": BASELINE, "checkpoint": None},
    "submit_training_job": {"job_name": "job"},
    "read_checkpoint": {"checkpoint": "s3://escrow/1", "stage_index": 0, "job_name": "job"},
    "submit_evaluation": {"job_name": "evaluation"},
    "read_metrics": {"metrics": {"f1_score": 0.9}},
    "decide_gate": {"passed": True, "rules": []},
    "await_approval": {"approved": True, "by": "someone", "comment": ""},
    "register_model": {"record_uri": "s3://bucket/model.json"},
    "create_model": {"model_arn": "model"},
    "deploy": {"deployment_arn": "temporary"},
    "smoke_test": {"healthy": True, "reason": "", "replies": []},
    "promote": {"deployment_arn": "stable", "previous_model_arn": None},
    "retire_candidate": {"deleted": []},
    "roll_back": {"deleted": [], "restored": None},
    "release_run": {"stopped": [], "deleted": [], "restored": None},
    "publish_report": {"report_uri": "s3://bucket/report", "subject": "Subject", "message": "Message"},
}
VALIDATED = ["validate_run", "validate_datasets", "find_baseline"]
TRAINED = [*VALIDATED, "submit_training_job", "read_checkpoint"]
EVALUATED = [
    *TRAINED,
    "submit_evaluation",
    "submit_evaluation",
    "read_metrics",
    "read_metrics",
    "decide_gate",
]
PROVEN = [*EVALUATED, "register_model", "create_model", "deploy", "smoke_test"]


@dataclass(frozen=True)
class Outcome:
    """The result of a run and the calls that it made."""

    status: str
    output: Mapping[str, Any]
    calls: list[tuple[str, Mapping[str, Any]]]
    notices: list[Mapping[str, Any]]

    @property
    def path(self) -> list[str]:
        """Functions in the order of their calls; an evaluation's two branches in the order of states."""
        names = [name for name, _ in self.calls]
        branches = [name for name in names if name in ("submit_evaluation", "read_metrics")]
        first = names.index("submit_evaluation") if branches else 0
        others = [name for name in names if name not in branches]
        return others[:first] + sorted(branches, reverse=True) + others[first:]

    def payloads(self, function: str) -> list[Mapping[str, Any]]:
        """Payloads of a function's calls."""
        return [payload for name, payload in self.calls if name == function]

    @property
    def report(self) -> Mapping[str, Any]:
        """What the last report was made of."""
        return self.payloads("publish_report")[-1]


Play = Callable[..., Outcome]


@pytest.fixture(scope="module")
def play(rendered: Callable[[str], Synthesis]) -> Play:
    """Play a run; keyword arguments script functions: an answer, an error, or a list of them."""
    if not cloud_python().exists():
        pytest.skip("the embedded cloud's environment is not installed: `make setup`")

    definition = definition_text(rendered("local"))

    def run(**script: Any) -> Outcome:
        replies = {name: [{"result": answer}] for name, answer in ANSWERS.items()}
        for name, answers in script.items():
            listed = answers if isinstance(answers, list) else [answers]
            replies[name] = [
                {"error": type(answer).__name__, "cause": str(answer)}
                if isinstance(answer, Exception)
                else {"result": answer}
                for answer in listed
            ]
        scenario = {"input": {"run_id": RUN_ID, "run": SUBMITTED}, "functions": replies}
        done = subprocess.run(
            [str(cloud_python()), "-m", "tests.fixtures.play_workflow"],
            cwd=REPOSITORY,
            input=json.dumps({"definition": definition, "scenario": scenario}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Outcome(**json.loads(done.stdout))

    return run


class InvalidRun(Exception):
    """An error as a function raises it; only its name matters."""


class DatasetUnchecked(Exception):
    """As MergeFindings raises it."""


class Superseded(Exception):
    """As settle fails a token with it."""


class JobFailed(Exception):
    """As settle fails a token with it."""


class Throttled(Exception):
    """As an adapter raises it."""


class AccessRefused(Exception):
    """As an adapter raises it."""


def test_a_run_that_passes_everything_is_promoted(play: Play) -> None:
    outcome = play()
    assert outcome.path == [*PROVEN, "promote", "retire_candidate", "publish_report"]
    assert outcome.status == "SUCCEEDED"
    assert outcome.output == {"run_id": RUN_ID, "status": "PROMOTED", "report_uri": "s3://bucket/report"}
    assert outcome.report["failure"] is None


def test_each_function_gets_what_the_ones_before_it_found(play: Play) -> None:
    outcome = play()
    about = {"run_id": RUN_ID, "run": NORMALISED}
    (submitted,) = outcome.payloads("submit_training_job")
    assert submitted.pop("task_token")  # type: ignore[attr-defined]
    assert submitted == {**about, "stage_index": 0, "checkpoint": None, "stages": []}
    (finished,) = outcome.payloads("read_checkpoint")
    assert finished == {**about, "stage_index": 0, "job": {"job_name": "job"}, "checkpoint": None}
    models = {payload["subject"]: payload["model"] for payload in outcome.payloads("submit_evaluation")}
    assert models == {"candidate": "s3://escrow/1", "baseline": "nova-micro/prod"}
    assert {payload["subject"] for payload in outcome.payloads("read_metrics")} == {"candidate", "baseline"}
    assert all(payload["job"] == {"job_name": "evaluation"} for payload in outcome.payloads("read_metrics"))
    (gate,) = outcome.payloads("decide_gate")
    assert gate == {**about, "scores": [ANSWERS["read_metrics"]] * 2}
    (smoke_test,) = outcome.payloads("smoke_test")
    assert smoke_test == {**about, "deployment_arn": "temporary"}


def test_stages_follow_each_other_from_checkpoint_to_checkpoint(play: Play) -> None:
    checkpoints = [
        {"checkpoint": f"s3://escrow/{index}", "stage_index": index, "job_name": f"job-{index}"}
        for index in range(3)
    ]
    outcome = play(validate_run=PLAN | {"stage_count": 3}, read_checkpoint=checkpoints)
    stages = [
        (payload["stage_index"], payload["checkpoint"]) for payload in outcome.payloads("submit_training_job")
    ]
    assert stages == [(0, None), (1, "s3://escrow/0"), (2, "s3://escrow/1")]
    assert outcome.report["stages"] == checkpoints
    assert (outcome.report["recipes"], outcome.report["warnings"]) == (PLAN["recipes"], PLAN["warnings"])
    # It has the dataset that a distillation produced.
    assert outcome.payloads("submit_training_job")[2]["stages"] == checkpoints[:2]


def test_a_run_continues_from_the_checkpoint_it_names(play: Play) -> None:
    outcome = play(find_baseline={"baseline": BASELINE, "checkpoint": "s3://escrow/before"})
    (submitted,) = outcome.payloads("submit_training_job")
    assert submitted["checkpoint"] == "s3://escrow/before"


def test_a_run_without_evaluations_goes_to_the_gate(play: Play) -> None:
    outcome = play(validate_run=PLAN | {"evaluations": []})
    (gate,) = outcome.payloads("decide_gate")
    assert gate["scores"] == []


def test_a_gate_that_fails_ends_the_run_rejected(play: Play) -> None:
    outcome = play(decide_gate={"passed": False, "rules": []})
    assert outcome.path == [*EVALUATED, "publish_report"]
    assert (outcome.status, outcome.output["status"]) == ("SUCCEEDED", "REJECTED")


def test_a_person_who_says_yes_lets_the_run_go_on(play: Play) -> None:
    outcome = play(validate_run=PLAN | {"approval_required": True})
    assert outcome.path == [
        *EVALUATED, "await_approval", "register_model", "create_model", "deploy", "smoke_test", "promote",
        "retire_candidate", "publish_report",
    ]  # fmt: skip
    assert outcome.report["approval"] == ANSWERS["await_approval"]


def test_a_person_who_says_no_ends_the_run_rejected(play: Play) -> None:
    refusal = {"approved": False, "by": "someone", "comment": "too slow"}
    outcome = play(validate_run=PLAN | {"approval_required": True}, await_approval=refusal)
    assert outcome.path == [*EVALUATED, "await_approval", "publish_report"]
    assert (outcome.output["status"], outcome.report["approval"]) == ("REJECTED", refusal)


def test_a_run_that_asks_for_no_deployment_ends_accepted(play: Play) -> None:
    outcome = play(validate_run=PLAN | {"deployment_wanted": False})
    assert outcome.path == [*EVALUATED, "register_model", "publish_report"]
    assert outcome.output["status"] == "ACCEPTED"


def test_an_unhealthy_candidate_is_rolled_back(play: Play) -> None:
    outcome = play(smoke_test={"healthy": False, "reason": "no tool call", "replies": []})
    assert outcome.path == [*PROVEN, "roll_back", "publish_report"]
    assert (outcome.status, outcome.output["status"]) == ("SUCCEEDED", "ROLLED_BACK")


def test_a_run_that_another_one_overtook_is_released_and_ends_superseded(play: Play) -> None:
    outcome = play(promote=Superseded("support-agent serves another model now"))
    assert outcome.path[-3:] == ["promote", "release_run", "publish_report"]
    assert (outcome.status, outcome.output["status"]) == ("SUCCEEDED", "SUPERSEDED")
    assert outcome.report["failure"]["cause"] == "support-agent serves another model now"


def test_a_superseded_run_that_cannot_be_released_has_failed(play: Play) -> None:
    outcome = play(promote=Superseded("overtaken"), release_run=AccessRefused("bedrock:DeleteCustomModel"))
    assert (outcome.status, outcome.output["Error"]) == ("FAILED", "Superseded")
    assert "Releasing the run failed too" in outcome.output["Cause"]


def test_the_notice_is_the_reports(play: Play) -> None:
    (notice,) = play().notices
    assert (notice["Subject"], notice["Message"]) == ("Subject", "Message")


SPLIT = {"datasets": [], "parts": [1, 2, 4]}


def test_parts_of_large_datasets_are_checked_by_themselves_and_merged(play: Play) -> None:
    outcome = play(validate_datasets=SPLIT)
    checks = sorted(outcome.payloads("validate_dataset_part"), key=lambda payload: payload["part"])
    about = {"run_id": RUN_ID, "run": NORMALISED}
    assert checks == [{**about, "part": part} for part in (1, 2, 4)]
    assert outcome.payloads("merge_findings") == [{**about, "unchecked_parts": []}]
    assert outcome.output["status"] == "PROMOTED"


def test_one_part_is_a_list_of_one(play: Play) -> None:
    outcome = play(validate_datasets=SPLIT | {"parts": [1]})
    assert [payload["part"] for payload in outcome.payloads("validate_dataset_part")] == [1]


def test_a_part_that_cannot_be_checked_is_told_to_the_merge_with_its_cause(play: Play) -> None:
    refusal = AccessRefused("s3:GetObject on s3://bucket/train.jsonl was refused")
    fine = ANSWERS["validate_dataset_part"]
    outcome = play(
        validate_datasets=SPLIT,
        validate_dataset_part=[fine, refusal, fine],
        merge_findings=DatasetUnchecked("1 part"),
    )
    ((unchecked,),) = (payload["unchecked_parts"] for payload in outcome.payloads("merge_findings"))
    assert unchecked["part"] in SPLIT["parts"]
    assert (unchecked["error"], unchecked["cause"]) == ("AccessRefused", str(refusal))
    assert outcome.output["Error"] == "DatasetUnchecked"


@pytest.mark.parametrize(
    "failing",
    [name for name in ANSWERS if name not in ("release_run", "publish_report", "validate_dataset_part")],
)
def test_whatever_fails_the_run_is_released_and_reported(play: Play, failing: str) -> None:
    unhealthy = {"healthy": False, "reason": "", "replies": []}
    script: dict[str, Any] = {
        "validate_run": PLAN | {"approval_required": True},
        "validate_datasets": SPLIT if failing == "merge_findings" else ANSWERS["validate_datasets"],
        failing: JobFailed("out of memory"),
    }
    if failing == "roll_back":
        script["smoke_test"] = unhealthy
    outcome = play(**script)
    assert outcome.path[-3:] == [failing, "release_run", "publish_report"]
    assert outcome.status == "FAILED"
    assert outcome.output == {"Error": "JobFailed", "Cause": "out of memory"}
    assert outcome.report["status"] == "FAILED"
    assert outcome.payloads("release_run")[0]["failure"] == {"error": "JobFailed", "cause": "out of memory"}
    assert len(outcome.notices) == 1


def test_the_sentence_of_a_functions_error_is_reported_without_its_stack(play: Play) -> None:
    cause = json.dumps(
        {"errorType": "InvalidRun", "errorMessage": "name must be short", "stackTrace": ["..."]}
    )
    outcome = play(validate_run=InvalidRun(cause))
    assert outcome.report["failure"] == {"error": "InvalidRun", "cause": "name must be short"}
    assert outcome.report["run"] == SUBMITTED


@pytest.mark.parametrize(
    "cause",
    [
        'training job j failed: AlgorithmError: {"errorMessage": "out of memory"}, exit code: 1',
        '{"errorMessage": "a document that was cut at 32,768 charact',
    ],
)
def test_a_cause_that_only_looks_like_a_functions_is_reported_as_it_is(play: Play, cause: str) -> None:
    outcome = play(submit_training_job=JobFailed(cause))
    assert outcome.payloads("release_run")[0]["failure"] == {"error": "JobFailed", "cause": cause}
    assert outcome.output == {"Error": "JobFailed", "Cause": cause}


def test_a_throttled_call_is_made_again(play: Play) -> None:
    outcome = play(submit_training_job=[Throttled("slow down"), ANSWERS["submit_training_job"]])
    assert len(outcome.payloads("submit_training_job")) == 2
    assert outcome.output["status"] == "PROMOTED"


def test_a_release_that_fails_hides_nothing(play: Play) -> None:
    outcome = play(
        read_checkpoint=JobFailed("out of memory"), release_run=AccessRefused("bedrock:DeleteCustomModel")
    )
    assert outcome.output["Error"] == "JobFailed"
    assert outcome.output["Cause"] == "out of memory Releasing the run failed too: bedrock:DeleteCustomModel"
    assert outcome.report["failure"]["cause"] == outcome.output["Cause"]


def test_a_report_that_fails_fails_the_run_and_sends_no_notice(play: Play) -> None:
    outcome = play(publish_report=AccessRefused("s3:PutObject"))
    assert (outcome.status, outcome.output["Error"]) == ("FAILED", "AccessRefused")
    assert outcome.output["Cause"] == "There is no report: s3:PutObject"
    assert outcome.notices == []


def test_a_failed_run_without_a_report_fails_with_its_first_error(play: Play) -> None:
    outcome = play(create_model=JobFailed("bad weights"), publish_report=AccessRefused("s3:PutObject"))
    assert outcome.output == {"Error": "JobFailed", "Cause": "bad weights There is no report: s3:PutObject"}
