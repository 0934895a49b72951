"""What the stages of a run may ask for beside their hyperparameters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from atelier.errors import AtelierError, InvalidRun, UnsupportedCombination
from atelier.runs.checks.check_run import CheckedRun, check_run
from tests.fixtures.runs import BUCKET, a_run, a_stage

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:SageMaker-reward"
VALIDATION = f"s3://{BUCKET}/datasets/a/validation.jsonl"
NOVA_2: dict[str, Any] = {"base_model": "nova-2-lite"}


def check(*stages: dict[str, Any], **changes: Any) -> CheckedRun:
    run = a_run(stages=list(stages), **{"deployment": None} | changes)
    return check_run(run, environment="dev", region="us-east-1", bucket=BUCKET)


def refusal(kind: type[AtelierError], *stages: dict[str, Any], **changes: Any) -> list[str]:
    with pytest.raises(kind) as refused:
        check(*stages, **changes)
    return [line.removeprefix("- ") for line in str(refused.value).splitlines()[1:]]


def a_distillation(**changes: Any) -> dict[str, Any]:
    return a_stage(technique="distillation") | changes


def after_it(**changes: Any) -> dict[str, Any]:
    stage = a_stage(**changes)
    del stage["train"]
    return stage


class TestDistillation:
    def test_is_followed_by_the_stage_that_trains_on_what_it_makes(self) -> None:
        checked = check(a_distillation(teacher="nova-premier"), after_it())
        assert checked.run.stages[1].train is None
        assert {path: recipe.row.name for path, recipe in checked.recipes.items()} == {
            "stages.0": "nova_premier_1_0_r5_cpu_distill",
            "stages.1": "nova_micro_1_0_g5_g6_12x_gpu_lora_sft",
            "evaluation.0": "nova_micro_1_0_p5_48xl_gpu_bring_your_own_dataset_eval",
        }

    def test_takes_part_in_no_chain_of_adaptations(self) -> None:
        checked = check(a_stage(adaptation="full"), a_distillation(), after_it(adaptation="full"))
        assert [stage.adaptation for stage in checked.run.stages] == ["full", "lora", "full"]
        assert refusal(UnsupportedCombination, a_stage(adaptation="full"), a_distillation(), after_it()) == [
            "stages.2.adaptation = 'lora': must be 'full', as in the stage before it, whose checkpoint "
            "it continues"
        ]

    @pytest.mark.parametrize("after", [[], [after_it(technique="dpo")]])
    def test_cannot_be_the_last_stage_nor_precede_another_technique(
        self, after: list[dict[str, Any]]
    ) -> None:
        assert refusal(UnsupportedCombination, a_distillation(), *after) == [
            "stages.0.technique = 'distillation': makes a dataset, not a model; the next stage must be "
            "an sft, which trains on it"
        ]

    def test_leaves_the_next_stage_nothing_to_name(self) -> None:
        lines = refusal(InvalidRun, a_distillation(validation=VALIDATION), a_stage())
        assert [line.split(": ", 1)[1] for line in lines] == [
            "a distillation uses no validation data; move it to the next stage",
            "leave train out: the stage trains on the dataset of the distillation before it",
        ]

    @pytest.mark.parametrize(("today", "is_refused"), [("2026-09-13", False), ("2026-09-14", True)])
    def test_has_no_teacher_that_aws_has_ended(self, today: str, is_refused: bool) -> None:
        run = a_run(stages=[a_distillation(teacher="nova-premier"), after_it()], deployment=None)

        def checked() -> CheckedRun:
            return check_run(
                run,
                environment="dev",
                region="us-east-1",
                bucket=BUCKET,
                today=date.fromisoformat(today),
            )

        if not is_refused:
            assert checked().run.stages[0].teacher == "nova-premier"
            return
        with pytest.raises(UnsupportedCombination, match=r"ended it on 2026-09-14, .* accepted: nova-pro"):
            checked()

    def test_of_premier_is_in_one_region(self) -> None:
        run = a_run(stages=[a_distillation(teacher="nova-premier"), after_it()], deployment=None)
        with pytest.raises(
            UnsupportedCombination, match="nova_premier_1_0_r5_cpu_distill runs on training-job in"
        ):
            check_run(run, environment="dev", region="us-west-2", bucket=BUCKET)

    def test_alone_has_a_teacher(self) -> None:
        assert refusal(InvalidRun, a_stage(teacher="nova-pro")) == [
            "stages.0.teacher = 'nova-pro': only a distillation has a teacher; leave teacher out"
        ]


def test_training_data_is_required_of_every_other_stage() -> None:
    assert refusal(InvalidRun, after_it(), after_it()) == [
        "stages.0.train: required, except after a distillation",
        "stages.1.train: required, except after a distillation",
    ]


class TestDataMixing:
    @pytest.mark.parametrize(
        ("customer", "nova", "expected"),
        [
            (70, {"code": 60}, "must sum to 100 with customer = 70, has 60"),
            (70, {}, "must sum to 100 with customer = 70, has 0"),
            (100, {"code": 5}, "must sum to 0 with customer = 100, has 5"),
            (70, {"code": 50, "agents": 50.02}, "must sum to 100 with customer = 70, has 100.02"),
        ],
    )
    def test_shares_must_be_whole(self, customer: float, nova: dict[str, float], expected: str) -> None:
        lines = refusal(InvalidRun, a_stage(data_mixing={"customer": customer, "nova": nova}))
        assert lines[0].startswith("stages.0.data_mixing.nova = ")
        assert expected in lines[0]

    @pytest.mark.parametrize(
        "mixing",
        [{"customer": 100}, {"customer": 100, "nova": {"code": 0}}, {"customer": 0, "nova": {"code": 100}}],
    )
    def test_is_refused_on_training_jobs_only_because_they_cannot(self, mixing: dict[str, Any]) -> None:
        assert refusal(UnsupportedCombination, a_stage(data_mixing=mixing), **NOVA_2) == [
            "stages.0.data_mixing: nova-2-lite sft lora cannot mix in data on training-job; accepted: "
            "hyperpod-eks, serverless"
        ]

    def test_percentages_are_percentages(self) -> None:
        lines = refusal(InvalidRun, a_stage(data_mixing={"customer": 101, "nova": {"code": -1}}))
        assert [line.split(" = ")[0] for line in lines] == [
            "stages.0.data_mixing.customer",
            "stages.0.data_mixing.nova.code",
        ]

    def test_is_not_for_preferences(self) -> None:
        assert refusal(UnsupportedCombination, a_stage(technique="dpo", data_mixing={"customer": 100})) == [
            "stages.0.data_mixing: nova-micro dpo lora cannot mix in data on training-job; only sft and "
            "cpt of Nova models can; leave data_mixing out"
        ]


class TestEarlyStopping:
    STEPS = {"max_steps": 100, "save_steps": 10, "val_check_interval": 20}  # noqa: RUF012 - never changed

    def stage(self, **hyperparameters: int) -> dict[str, Any]:
        return a_stage(
            early_stopping={"patience": 3},
            validation=VALIDATION,
            hyperparameters=self.STEPS | hyperparameters,
        )

    def test_is_accepted_where_the_best_checkpoint_is_saved(self) -> None:
        policy = check(self.stage(), **NOVA_2).run.stages[0].early_stopping
        assert policy
        assert (policy.metric, policy.patience, policy.min_delta) == ("validation_loss", 3, 0.0)

    def test_is_refused_where_stopping_would_lose_the_model(self) -> None:
        assert refusal(
            UnsupportedCombination, a_stage(early_stopping={"patience": 3}, validation=VALIDATION)
        ) == [
            "stages.0.early_stopping: nova_micro_1_0_g5_g6_12x_gpu_lora_sft saves only the finished model, "
            "which stopping its job would lose; leave early_stopping out"
        ]

    def test_is_refused_where_no_loss_is_measured(self) -> None:
        stage = a_stage(technique="rft", early_stopping={"patience": 3}, reward_lambda_arn=FUNCTION)
        assert refusal(UnsupportedCombination, stage, **NOVA_2) == [
            "stages.0.early_stopping: nova_lite_v2_smtj_p5_p5en_gpu_lora_rft measures no validation loss; "
            "leave early_stopping out"
        ]

    def test_needs_validation_data(self) -> None:
        stage = self.stage()
        del stage["validation"]
        assert refusal(InvalidRun, stage, **NOVA_2) == [
            "stages.0.validation: required by early_stopping, which uses the validation loss"
        ]

    @pytest.mark.parametrize(
        ("hyperparameters", "expected"),
        [
            (
                {"save_steps": 100},
                "save_steps = 100: must be less than max_steps = 100 with early_stopping: no",
            ),
            ({"val_check_interval": 15}, "val_check_interval = 15: must be a multiple of save_steps = 10"),
            ({"val_check_interval": 100}, "val_check_interval = 100: must be less than max_steps = 100"),
            ({"limit_val_batches": 0}, "limit_val_batches = 0: must not be 0 with early_stopping"),
        ],
    )
    def test_needs_a_checkpoint_of_every_step_that_is_judged(
        self, hyperparameters: dict[str, int], expected: str
    ) -> None:
        lines = refusal(InvalidRun, self.stage(**hyperparameters), **NOVA_2)
        assert [line for line in lines if line.startswith(f"stages.0.hyperparameters.{expected}")]

    def test_warns_where_the_best_checkpoint_may_be_gone_when_the_job_is_stopped(self) -> None:
        (warning,) = check(self.stage(), **NOVA_2).warnings
        assert warning.startswith(
            "stages.0.early_stopping: 6 checkpoints are saved between the best one and the stop, but "
            "nova_lite_2_0_p5_gpu_lora_sft may keep only 5"
        )
        assert check(self.stage(save_steps=20), **NOVA_2).warnings == ()

    def test_needs_patience(self) -> None:
        stage = self.stage() | {"early_stopping": {"patience": 0, "min_delta": -1, "metric": "accuracy"}}
        lines = refusal(InvalidRun, stage, **NOVA_2)
        assert [line.split(" = ")[0] for line in lines] == [
            "stages.0.early_stopping.metric",
            "stages.0.early_stopping.patience",
            "stages.0.early_stopping.min_delta",
        ]


class TestReward:
    def test_is_a_function_that_the_jobs_role_may_invoke_by_aws_own_policy(self) -> None:
        stage = a_stage(technique="rft", reward_lambda_arn=FUNCTION)
        assert check(stage, **NOVA_2).warnings == ()

    def test_whose_name_that_policy_does_not_cover_is_a_warning(self) -> None:
        stage = a_stage(technique="rft", reward_lambda_arn=FUNCTION.replace("SageMaker-", ""))
        assert check(stage, **NOVA_2).warnings == (
            "stages.0.reward_lambda_arn: the training role may only invoke functions of its account whose "
            "names begin with SageMaker; allow it to invoke reward in the function's own policy",
        )

    def test_that_is_in_another_region_is_a_warning(self) -> None:
        stage = a_stage(technique="rft", reward_lambda_arn=FUNCTION.replace("us-east-1", "eu-west-1"))
        assert check(stage, **NOVA_2).warnings == (
            "stages.0.reward_lambda_arn: the function must be in the job's region, us-east-1",
        )

    def test_is_an_arn(self) -> None:
        assert refusal(InvalidRun, a_stage(technique="rft", reward_lambda_arn="reward"), **NOVA_2) == [
            "stages.0.reward_lambda_arn = 'reward': accepted: "
            "arn:aws:lambda:<region>:<account>:function:<name>"
        ]


def test_a_recipe_of_the_hub_is_refused_where_none_was_synchronized() -> None:
    assert refusal(InvalidRun, a_stage(recipe="hub"))[0].startswith("stages.0.recipe = 'hub': ")


class TestEvaluation:
    def test_a_benchmark_has_a_dataset_of_its_own(self) -> None:
        dataset = f"s3://{BUCKET}/datasets/b/mmlu.jsonl"
        checked = check(a_stage(), evaluation=[{"task": "mmlu", "subtask": "virology"}], gate=[])
        assert checked.run.evaluation[0].dataset is None
        assert refusal(InvalidRun, a_stage(), evaluation=[{"task": "mmlu", "dataset": dataset}], gate=[]) == [
            f"evaluation.0.dataset = '{dataset}': mmlu has its own dataset; leave dataset out"
        ]

    @pytest.mark.parametrize("task", ["gen_qa", "llm_judge"])
    def test_a_dataset_of_ones_own_is_required_under_the_name_that_the_container_looks_for(
        self, task: str
    ) -> None:
        dataset = f"s3://{BUCKET}/datasets/b/mine.jsonl"
        assert refusal(InvalidRun, a_stage(), evaluation=[{"task": task}], gate=[]) == [
            "evaluation.0.dataset: required"
        ]
        assert refusal(InvalidRun, a_stage(), evaluation=[{"task": task, "dataset": dataset}], gate=[]) == [
            f"evaluation.0.dataset = '{dataset}': the file must be named {task}.jsonl, as AWS's "
            "container requires"
        ]

    def test_a_task_that_the_model_cannot_do_names_those_that_it_can(self) -> None:
        assert refusal(UnsupportedCombination, a_stage(), evaluation=[{"task": "mmmu"}], gate=[])[
            0
        ].startswith("evaluation.0: nova-micro mmmu does not exist; nova-micro has mmlu, ")

    def test_a_gate_may_ask_for_any_metric_that_a_reward_function_names(self) -> None:
        item = {
            "task": "rft_eval",
            "dataset": f"s3://{BUCKET}/datasets/b/rewards.jsonl",
            "reward_lambda_arn": FUNCTION,
        }
        gate = [{"metric": "rft_eval.politeness", "at_least": 3}]
        assert check(a_stage(), evaluation=[item], gate=gate).run.gate[0].metric == "rft_eval.politeness"

    def test_a_gate_on_a_benchmark_asks_for_its_metric(self) -> None:
        evaluation = [{"task": "math"}]
        gate = [{"metric": "math.exact_match", "worse_than_baseline_by_at_most": 0.01}]
        assert check(a_stage(), evaluation=evaluation, gate=gate).run.gate
        gate = [{"metric": "math.accuracy", "at_least": 0.5}]
        assert refusal(InvalidRun, a_stage(), evaluation=evaluation, gate=gate) == [
            "gate.0.metric = 'math.accuracy': did you mean 'math.exact_match'?"
        ]


class TestDeployment:
    def deployment(self, **changes: Any) -> dict[str, Any]:
        return {"deployment": {"target": "bedrock-on-demand", "name": "agent"} | changes}

    def test_where_only_some_of_awss_sources_serve_the_model_is_a_warning(self) -> None:
        run = a_run(**self.deployment())
        checked = check_run(run, environment="dev", region="us-west-2", bucket=BUCKET)
        assert checked.warnings == (
            "deployment.target = 'bedrock-on-demand' in us-west-2: accepted, although Bedrock's "
            "documentation names us-east-1 only for custom models of Nova",
        )

    def test_of_a_full_rank_model_names_the_targets_that_serve_it(self) -> None:
        assert refusal(UnsupportedCombination, a_stage(adaptation="full"), **self.deployment()) == [
            "deployment.target = 'bedrock-on-demand': does not serve nova-micro with adaptation full; "
            "accepted: bedrock-provisioned, sagemaker-endpoint"
        ]
