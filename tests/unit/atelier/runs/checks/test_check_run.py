"""A run file is refused with everything that is wrong with it, or accepted with its defaults."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.runs.checks.check_run import CheckedRun, check_run
from tests.fixtures.runs import BUCKET, RUN_ID, a_run, a_stage


def check(run: object, **changes: Any) -> CheckedRun:
    context: dict[str, Any] = {"environment": "dev", "region": "us-east-1", "bucket": BUCKET}
    return check_run(run, **context | changes)


def refusal(run: object, **changes: Any) -> str:
    with pytest.raises(InvalidRun) as refused:
        check(run, **changes)
    return str(refused.value)


def test_a_right_run_gets_its_defaults() -> None:
    run = check(a_run(), run_id=RUN_ID).run
    assert (run.stages[0].adaptation, run.stages[0].platform, run.approval) == (
        "lora",
        "training-job",
        "none",
    )


def test_every_problem_of_a_file_comes_in_one_message() -> None:
    message = refusal(
        a_run(
            name="Tool--Calling",
            aproval="none",
            stages=[
                a_stage(hyperparameters={"learning_rte": 1.0, "max_epochs": 0}),
                a_stage(train="here.jsonl"),
            ],
            gate=[{"metric": "gen_qa.em", "at_least": 0.9}],
        )
    )
    assert "name = 'Tool--Calling': accepted: lower-case letters and digits with single hyphens" in message
    assert "aproval: unknown key; did you mean 'approval'?" in message
    assert "stages.0.hyperparameters.learning_rte = 1.0: unknown; did you mean 'learning_rate'?" in message
    assert "stages.0.hyperparameters.max_epochs = 0: must be at least 1 and at most 100" in message
    assert "stages.1.train = 'here.jsonl': accepted: s3://<bucket>/<key>.jsonl; " in message
    assert "gate.0.metric = 'gen_qa.em': did you mean 'gen_qa.exact_match'?" in message
    assert message.startswith("run file: 6 problems\n")


def test_a_stage_with_a_malformed_field_is_held_to_the_catalogue_in_all_others() -> None:
    stage = a_stage(
        train="s3://x/y.jsonl",
        epochs=3,
        hyperparameters={"max_epochs": 0, "learning_rate": [1]},
        data_mixing={"customer": 50, "nova": {"code": 40, "math": "some"}},
    )
    message = refusal(a_run(stages=[stage]))
    assert [line.split(": ")[0].removeprefix("- ") for line in message.splitlines()[1:]] == [
        "stages.0.train = 's3://x/y.jsonl'",
        "stages.0.hyperparameters.learning_rate = [1]",
        "stages.0.data_mixing.nova.math = 'some'",
        "stages.0.epochs",
        "stages.0.data_mixing",
        "stages.0.hyperparameters.max_epochs = 0",
    ]
    assert "platform = 'hyperpod-slurm': nova-micro sft lora does not run there" in refusal(
        a_run(stages=[a_stage(train="s3://x/y.jsonl", platform="hyperpod-slurm")])
    )


def test_a_field_that_decides_what_a_stage_is_leaves_nothing_to_say_of_the_others() -> None:
    stages = [a_stage(adaption="full"), a_stage(technique="sfx", train=3), a_stage(platform="slurm")]
    assert refusal(a_run(stages=stages)).splitlines()[1:] == [
        "- stages.0.adaption: unknown key; did you mean 'adaptation'?",
        "- stages.1.technique = 'sfx': accepted: 'sft', 'dpo', 'ppo', 'rft', 'cpt' or 'distillation'",
        "- stages.1.train = 3: must be a text",
        "- stages.2.platform = 'slurm': accepted: 'training-job', 'hyperpod-eks', 'hyperpod-slurm' or 'auto'",
    ]


@pytest.mark.parametrize("name", ["ab", "a" * 42, "1abc", "a--b", "a-", "Abc", "a_b"])
def test_a_name_that_aws_would_refuse_is_refused(name: str) -> None:
    assert "name = " in refusal(a_run(name=name))


def test_what_only_follows_from_another_problem_is_not_told() -> None:
    message = refusal(a_run(stages=[a_stage(technique="SFT")], evaluation=[{"task": "gen_qa", "of": 3}]))
    assert message.splitlines() == [
        "run file: 3 problems",
        "- stages.0.technique = 'SFT': accepted: 'sft', 'dpo', 'ppo', 'rft', 'cpt' or 'distillation'",
        "- evaluation.0.of: unknown key; accepted: task, platform, cluster, subtask, dataset, "
        "reward_lambda_arn, inference, instance_type, max_runtime_hours",
        "- evaluation.0.dataset: required",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stages": []}, "stages = []: must have at least 1 entry"),
        ({"stages": "sft"}, "stages = 'sft': must be a list"),
        ({"stages": ["sft"]}, "stages.0 = 'sft': must be a mapping of keys"),
        ({"name": "ab"}, "name = 'ab': must have at least 3 characters"),
        ({"base_model": 3}, "base_model = 3: must be a text"),
        (
            {"stages": [a_stage(hyperparameters=[])]},
            "stages.0.hyperparameters = []: must be a mapping of keys",
        ),
        (
            {"stages": [a_stage(max_runtime_hours=700)]},
            "max_runtime_hours = 700: input should be less than or equal",
        ),
    ],
)
def test_a_wrong_shape_is_told_in_the_words_of_the_run_file(changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(a_run(**changes))


def test_yes_is_no_number() -> None:
    message = refusal(
        a_run(
            gate=[{"metric": "gen_qa.exact_match", "at_least": True}],
            stages=[a_stage(early_stopping={"patience": True})],
        )
    )

    assert "gate.0.at_least = True: must be a number" in message
    assert "stages.0.early_stopping.patience = True: must be a number" in message


def test_an_unknown_key_of_a_stage_names_the_nearest_key_of_a_stage() -> None:
    assert "stages.0.adaption: unknown key; did you mean 'adaptation'?" in refusal(
        a_run(stages=[a_stage(adaption="lora")])
    )


@pytest.mark.parametrize("platform", ["serverless", "bedrock"])
def test_a_platform_that_is_not_plugged_in_is_refused_with_those_that_are(platform: str) -> None:
    assert refusal(a_run(stages=[a_stage(platform=platform)])).splitlines()[1:] == [
        f"- stages.0.platform = '{platform}': accepted: "
        "'training-job', 'hyperpod-eks', 'hyperpod-slurm' or 'auto'"
    ]


def test_a_platform_without_the_recipe_is_an_unsupported_combination() -> None:
    with pytest.raises(UnsupportedCombination, match=r"platform = 'hyperpod-slurm'.* training-job"):
        check(a_run(stages=[a_stage(platform="hyperpod-slurm")]))


def test_platform_auto_is_the_one_that_the_check_chose() -> None:
    checked = check(a_run(stages=[a_stage(platform="auto")]))
    assert (checked.run.stages[0].platform, checked.run.evaluation[0].platform) == ("training-job",) * 2


def test_a_target_that_is_not_plugged_in_is_refused_with_those_that_are() -> None:
    run = a_run(deployment={"target": "sagemaker-endpoint", "name": "agent"})
    assert refusal(run).splitlines()[1:] == [
        "- deployment.target = 'sagemaker-endpoint': accepted: 'bedrock-on-demand' or 'bedrock-import'"
    ]


def test_a_full_rank_model_does_not_serve_on_demand() -> None:
    with pytest.raises(UnsupportedCombination, match="does not serve nova-micro with adaptation full"):
        check(a_run(stages=[a_stage(adaptation="full")]))


def test_lora_does_not_follow_full() -> None:
    stages = [a_stage(adaptation="full"), a_stage(technique="dpo")]
    with pytest.raises(UnsupportedCombination, match=r"stages.1.adaptation = 'lora': must be 'full'"):
        check(a_run(stages=stages, deployment=None))


def test_the_tiny_model_exists_in_the_local_environment_only() -> None:
    run = a_run(base_model="atelier-tiny")
    assert check(run, environment="local").run.base_model == "atelier-tiny"
    with pytest.raises(UnsupportedCombination, match="'atelier-tiny': exists in the environment local only"):
        check(run)


def test_the_embedded_cloud_trains_its_own_model_and_none_of_awss() -> None:
    with pytest.raises(UnsupportedCombination, match="'nova-micro': the embedded cloud trains atelier-tiny"):
        check(a_run(), environment="local")


def test_a_region_without_the_container_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="us-east-1, us-west-2, ap-northeast-1"):
        check(a_run(), region="eu-north-1")


def test_a_region_of_which_only_some_of_awss_sources_know_is_a_warning() -> None:
    warnings = check(a_run(deployment=None), region="ap-northeast-1").warnings
    assert warnings == (
        "region of the environment = 'ap-northeast-1': accepted, although AWS's SDK starts jobs of Nova in "
        "us-east-1 and us-west-2 only",
    )


def test_data_outside_the_environments_bucket_is_refused() -> None:
    canary = {"scenarios": "s3://elsewhere/scenarios.jsonl"}
    message = refusal(
        a_run(
            stages=[a_stage(train="s3://elsewhere/train.jsonl", validation="s3://elsewhere/v.jsonl")],
            evaluation=[{"task": "gen_qa", "dataset": "s3://elsewhere/gen_qa.jsonl"}],
            deployment={"target": "bedrock-on-demand", "name": "agent", "canary": canary},
        )
    )
    for field in (
        "stages.0.train",
        "stages.0.validation",
        "evaluation.0.dataset",
        "deployment.canary.scenarios",
    ):
        assert f"{field} = 's3://elsewhere/" in message


def test_the_gen_qa_file_must_have_the_name_that_the_container_looks_for() -> None:
    evaluation = [{"task": "gen_qa", "dataset": f"s3://{BUCKET}/datasets/b/questions.jsonl"}]
    assert "the file must be named gen_qa.jsonl" in refusal(a_run(evaluation=evaluation))


def test_a_task_may_be_evaluated_once() -> None:
    assert "evaluation.1.task = 'gen_qa': occurs twice" in refusal(
        a_run(evaluation=a_run()["evaluation"] * 2)
    )


@pytest.mark.parametrize("conditions", [{}, {"at_least": 0.5, "better_than_baseline_by": 0.1}])
def test_a_gate_rule_has_exactly_one_condition(conditions: dict[str, float]) -> None:
    gate = [{"metric": "gen_qa.bleu", **conditions}]
    assert "exactly one of at_least, better_than_baseline_by" in refusal(a_run(gate=gate))


@pytest.mark.parametrize(
    ("metric", "condition", "value", "limit"),
    [
        ("exact_match", "at_least", 90, "between 0 and 1"),
        ("bleu", "at_least", 101, "between 0 and 100"),
        ("rougeL", "better_than_baseline_by", 5, "between 0 and 1"),
    ],
)
def test_a_gate_rule_that_no_model_could_pass_is_refused(
    metric: str, condition: str, value: float, limit: str
) -> None:
    message = refusal(a_run(gate=[{"metric": f"gen_qa.{metric}", condition: value}]))

    assert f"gate.0.{condition} = {float(value)}: gen_qa.{metric} is {limit}" in message


def test_a_gate_without_an_evaluation_is_refused() -> None:
    assert "gate.0.metric = 'gen_qa.exact_match': the run has no evaluation" in refusal(a_run(evaluation=[]))


def test_a_threshold_that_is_no_number_is_refused() -> None:
    gate = [{"metric": "gen_qa.bleu", "at_least": float("nan")}]
    assert "gate.0.at_least = nan: input should be a finite number" in refusal(a_run(gate=gate))


def test_continuing_from_what_serves_needs_a_deployment() -> None:
    assert check(a_run(continue_from="serving")).run.continue_from == "serving"
    assert "continue_from = 'serving': needs a deployment" in refusal(
        a_run(continue_from="serving", deployment=None)
    )


def test_a_run_id_belongs_to_the_run() -> None:
    assert "run_id = 'other-20261123140500': must be tool-calling-<yyyymmddhhmmss>" in refusal(
        a_run(), run_id="other-20261123140500"
    )


def test_a_value_on_which_aws_contradicts_itself_is_accepted_with_a_warning() -> None:
    checked = check(a_run(stages=[a_stage(hyperparameters={"learning_rate_ratio": 80})]))
    assert checked.warnings == (
        "stages.0.hyperparameters.learning_rate_ratio = 80.0: accepted, although the recipe file says "
        "0 to 100 and the hub's override spec 1 to 70",
    )


def test_a_deployment_that_no_gate_guards_is_accepted_with_a_warning() -> None:
    assert check(a_run(gate=[])).warnings == (
        "gate: none, so every trained model that passes the smoke test will be deployed",
    )


@pytest.mark.parametrize(
    "content", [None, [], "name: x", {"stages": "sft"}, {"stages": [None]}, {"gate": {}}]
)
def test_a_file_that_is_no_run_at_all_is_refused_politely(content: object) -> None:
    assert refusal(content).startswith("run file: ")
