"""Templates and override specs as AWS's hub publishes them, read as the keys of a recipe."""

from __future__ import annotations

import pytest

from atelier.recipes.hub.template import UnreadableTemplate, keys_of
from atelier.recipes.rows import Key
from tests.fixtures.hub import HYPERPOD_OVERRIDES, HYPERPOD_TEMPLATE, OVERRIDES, TRAINING_JOB_TEMPLATE


def by_path(template: str, *, is_helm: bool = False) -> dict[str, Key]:
    spec = HYPERPOD_OVERRIDES if is_helm else OVERRIDES
    return {key.path: key for key in keys_of(template, spec, is_helm=is_helm)}


def test_a_placeholder_is_a_setting_with_the_spec_s_type_default_and_limits() -> None:
    keys = by_path(TRAINING_JOB_TEMPLATE)

    batch_size = keys["training_config.global_batch_size"]
    assert (batch_size.name, batch_size.type, batch_size.default) == ("global_batch_size", "int", 64)
    assert batch_size.bounds.choices == (16, 32, 64)
    ratio = keys["training_config.model.peft.lora_tuning.loraplus_lr_ratio"]
    assert (ratio.name, ratio.default, str(ratio.bounds)) == (
        "learning_rate_ratio",
        16.0,
        "at least 1 and at most 70",
    )


def test_a_value_without_a_placeholder_is_fixed_and_keeps_its_place() -> None:
    keys = by_path(TRAINING_JOB_TEMPLATE)

    assert keys["training_config.model.optim.betas"].default == [0.9, 0.999]
    assert keys["training_config.max_length"].name is None
    assert next(iter(keys)) == "run.name"


def test_a_number_in_the_exponent_form_of_json_is_a_number() -> None:
    """YAML 1.1 reads `1e-06` as a text; AWS's containers, with OmegaConf, as a number."""
    assert by_path(TRAINING_JOB_TEMPLATE)["training_config.model.optim.eps"].default == 1e-06


def test_what_the_job_knows_is_filled_in_also_where_the_template_is_fixed() -> None:
    keys = by_path(TRAINING_JOB_TEMPLATE)

    filled = {path: key.filled_with for path, key in keys.items() if key.filled_with}
    assert filled == {
        "run.name": "job_name",
        "run.model_name_or_path": "model",
        "run.replicas": "replicas",
        "run.data_s3_path": "data_s3_path",
        "run.output_s3_path": "output_s3_path",
    }


def test_the_recipe_of_a_hyperpod_payload_is_the_text_in_its_config_map() -> None:
    keys = by_path(HYPERPOD_TEMPLATE, is_helm=True)

    assert "metadata.name" not in keys
    assert keys["run.replicas"].filled_with == "replicas"
    assert keys["training_config.global_batch_size"].default == 64
    assert keys["training_config.model.optim.lr"].default == 1e-05


def test_several_config_maps_that_differ_by_their_service_alone_are_one_recipe() -> None:
    service = HYPERPOD_TEMPLATE.replace(
        "    training_config:\n", "    training_config:\n      task_type: storm_rbs\n"
    )

    keys = by_path(service + HYPERPOD_TEMPLATE, is_helm=True)

    assert "training_config.task_type" not in keys


def test_a_recipe_that_is_split_over_config_maps_is_refused() -> None:
    other = HYPERPOD_TEMPLATE.replace("optim:", "optimizer:")

    with pytest.raises(UnreadableTemplate, match="2 different recipes in its ConfigMaps"):
        by_path(HYPERPOD_TEMPLATE + other, is_helm=True)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (TRAINING_JOB_TEMPLATE.replace("lora_alpha", "lora_beta"), "placeholder 'lora_beta' is not in the"),
        (
            TRAINING_JOB_TEMPLATE.replace("'{{lora_alpha}}'", "r{{lora_alpha}}"),
            "accepted: one placeholder as the whole value",
        ),
        ("{% if lora %}\n" + TRAINING_JOB_TEMPLATE, "template statements"),
        ("- a list", "not a recipe: no block `run`"),
        ("run: [unclosed", "not YAML"),
        ("run: {{ }}", "not YAML"),
        ("run: 2026-13-45", "not YAML: month must be in 1..12"),
        ("run: " + "[" * 3_000, "not YAML"),
        ("run: &run {name: '{{lora_alpha}}', again: *run}", "it has aliases"),
    ],
)
def test_a_template_of_an_unknown_form_is_refused_with_the_part_that_is_unknown(
    template: str, says: str
) -> None:
    with pytest.raises(UnreadableTemplate, match=says):
        by_path(template)


def test_a_payload_without_its_config_map_is_refused() -> None:
    with pytest.raises(UnreadableTemplate, match=r"no `config\.yaml:"):
        by_path(TRAINING_JOB_TEMPLATE, is_helm=True)


def test_a_setting_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnreadableTemplate, match="type 'tensor' is not one of integer"):
        keys_of("run: {a: '{{a}}'}", {"a": {"type": "tensor"}}, is_helm=False)


@pytest.mark.parametrize("entry", [{"enum": 7}, {"default": "many"}, {"default": 10**400}, {"min": "low"}])
def test_a_setting_whose_limits_are_no_limits_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(UnreadableTemplate):
        keys_of("run: {a: '{{a}}'}", {"a": {"type": "float", **entry}}, is_helm=False)


OPEN_WEIGHTS = """\
run:
  name: '{{name}}'
  results_dir: '{{results_directory}}'
scale_config:
  1: {trainer: {num_nodes: 1}}
  2: {trainer: {num_nodes: 2}}
trainer: {devices: 8, num_nodes: 1}
training_config:
  datasets:
    train_data: {file_path: '{{data_path}}', name: '{{training_data_name}}'}
  model_config: {model_name_or_path: '{{model_name_or_path}}'}
  training_args: {seed: '{{seed}}', merge_weights: '{{merge_weights}}'}
"""
OPEN_SPEC = {
    "data_path": {"type": "string", "required": True, "default": ""},
    "training_data_name": {"type": "string", "required": True, "default": ""},
    "seed": {"type": "integer", "min": 0, "max": 2147483647, "default": 42},
    "merge_weights": {"type": "boolean", "default": True},
}


def test_an_open_weight_recipe_gets_its_files_its_model_and_its_nodes_from_the_job() -> None:
    keys = {key.path: key for key in keys_of(OPEN_WEIGHTS, OPEN_SPEC, is_helm=False)}

    assert keys["training_config.datasets.train_data.file_path"].filled_with == "train_file"
    assert keys["training_config.model_config.model_name_or_path"].filled_with == "model"
    assert keys["trainer.num_nodes"].filled_with == "replicas"
    assert keys["run.results_dir"].filled_with == "output_dir"
    assert keys["scale_config"].default == {
        1: {"trainer": {"num_nodes": 1}},
        2: {"trainer": {"num_nodes": 2}},
    }
    assert keys["training_config.training_args.merge_weights"].type == "bool"


def test_a_reward_function_has_no_default() -> None:
    template = "run: {name: x}\ntraining_config: {lambda_arn: '{{reward_lambda_arn}}'}"
    spec = {"reward_lambda_arn": {"type": "string", "required": True, "default": ""}}

    (_, reward) = keys_of(template, spec, is_helm=False)

    assert not reward.has_default


def test_a_few_lines_that_stand_for_more_than_memory_holds_are_refused_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    with pytest.raises(UnreadableTemplate, match="it has aliases"):
        by_path(TRAINING_JOB_TEMPLATE + bomb)


@pytest.mark.parametrize("value", ["{{ 7 * 7 }}", "{{ self.__class__ }}", "{{name}} and more", "{{"])
def test_what_only_a_template_engine_could_read_is_refused_and_never_sent_as_it_is(value: str) -> None:
    with pytest.raises(UnreadableTemplate, match=r"training_config\.x = .*: accepted: one placeholder"):
        by_path(TRAINING_JOB_TEMPLATE + f"  x: '{value}'\n")


@pytest.mark.parametrize("key", ["a.b", "1", "null"])
def test_a_key_that_cannot_be_a_path_is_refused(key: str) -> None:
    with pytest.raises(UnreadableTemplate, match="is not a name"):
        by_path(TRAINING_JOB_TEMPLATE + f"  {key}: '{{{{name}}}}'\n")
