"""Open weights as HyperPodPyTorchJobs, held to AWS's own job template (hyperpod-pytorch-job-template 1.5.0).

The package imports AWS's whole HyperPod SDK; its schema and its template are files, and read as such.
"""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import kubernetes_validate
import pytest
import yaml

from atelier.errors import UnsupportedCombination
from atelier.recipes.catalogue import catalogue
from tests.fixtures.cluster_jobs import NAME, RESTRICTED, STANDARD, a_job, a_recipe, by_kind
from tests.fixtures.runs import RUN_ID

GOVERNED = replace(
    STANDARD,
    queue="hyperpod-ns-team-localqueue",
    priority="training-priority",
)
MODEL = "s3://atelier-data/base-models/llama-3-1-8b-instruct/"


def llmft(**changes: Any) -> Any:
    return a_recipe("llama-3-1-8b-instruct", **changes)


def job_of(recipe: Any = None, cluster: Any = STANDARD) -> Any:
    return a_job(recipe or llmft(), cluster=cluster, model=MODEL)


def object_of(job: Any) -> dict[str, Any]:
    (found,) = by_kind(job, "HyperPodPyTorchJob")
    return found


def aws_file(name: str) -> str:
    spec = find_spec("hyperpod_pytorch_job_template")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return (Path(spec.submodule_search_locations[0]) / "v1_1" / name).read_text()


def accepted_by_aws(**config: Any) -> dict[str, Any]:
    """A configuration that AWS's schema accepts; its `float` is what JSON Schema calls a number."""
    jsonschema.validate(config, json.loads(aws_file("schema.json").replace('"float"', '"number"')))
    return config


def aws_template(**config: Any) -> dict[str, Any]:
    """What AWS's template makes of a configuration that its schema accepts."""
    (assignment,) = ast.parse(aws_file("template.py")).body
    assert isinstance(assignment, ast.Assign)
    template = jinja2.Template(ast.literal_eval(assignment.value))
    return dict(yaml.safe_load(template.render(**accepted_by_aws(**config))))


def test_the_job_has_the_form_of_aws_s_template() -> None:
    ours = object_of(job_of(llmft(instance_type="ml.p5.48xlarge", replicas=2), GOVERNED))
    (replicas,) = ours["spec"]["replicaSpecs"]
    container = replicas["template"]["spec"]["containers"][0]
    theirs = aws_template(
        job_name=NAME,
        namespace=GOVERNED.namespace,
        image=container["image"],
        instance_type="ml.p5.48xlarge",
        replica_count=2,
        tasks_per_node="8",
        queue_name=GOVERNED.queue,
        priority=GOVERNED.priority,
        accelerators=8,
        accelerators_limit=8,
        efa=32,
        efa_limit=32,
        pull_policy="Always",
    )
    (their_replicas,) = theirs["spec"]["replicaSpecs"]
    their_pod = their_replicas["template"]
    assert (ours["apiVersion"], ours["kind"]) == (theirs["apiVersion"], theirs["kind"])
    assert ours["metadata"]["namespace"] == theirs["metadata"]["namespace"]
    assert ours["metadata"]["labels"].items() >= theirs["metadata"]["labels"].items()
    assert ours["spec"]["nprocPerNode"] == theirs["spec"]["nprocPerNode"]
    assert replicas["replicas"] == their_replicas["replicas"]
    metadata, spec = replicas["template"]["metadata"], replicas["template"]["spec"]
    assert metadata["labels"].items() >= their_pod["metadata"]["labels"].items()
    assert spec["nodeSelector"] == their_pod["spec"]["nodeSelector"]
    assert container["resources"] == their_pod["spec"]["containers"][0]["resources"]


def test_pods_are_what_kubernetes_accepts() -> None:
    for cluster in (STANDARD, GOVERNED):
        template = object_of(job_of(cluster=cluster))["spec"]["replicaSpecs"][0]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"} | template["metadata"]}
        kubernetes_validate.validate(pod | {"spec": template["spec"]}, "1.37", strict=True)


def test_unlike_aws_s_the_script_s_exit_code_is_the_container_s() -> None:
    """AWS's chart pipes it through tee, after which a training that failed has succeeded."""
    container = object_of(job_of())["spec"]["replicaSpecs"][0]["template"]["spec"]["containers"][0]
    assert container["command"] == ["/bin/bash", "/opt/bin/scripts/train-script-gpu.sh"]


def test_the_script_trains_by_the_mounted_recipe_on_what_the_instance_has() -> None:
    job = job_of(llmft(instance_type="ml.g5.12xlarge"))
    container = object_of(job)["spec"]["replicaSpecs"][0]["template"]["spec"]["containers"][0]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    assert variables["SCRIPT_ARGS"] == "--config-path=/config --config-name=config.yaml"
    assert (variables["NODES"], variables["NTASKS_PER_NODE"], variables["CUDA_VISIBLE_DEVICES"]) == (
        "1",
        "4",
        "0,1,2,3",
    )
    assert variables["JOB_NAME"] == NAME
    assert yaml.safe_load(by_kind(job, "ConfigMap")[0]["data"]["config.yaml"])["trainer"]["devices"] == 4


def test_files_are_where_the_pods_see_the_bucket() -> None:
    config = yaml.safe_load(by_kind(job_of(), "ConfigMap")[0]["data"]["config.yaml"])
    training = config["training_config"]
    assert training["datasets"]["train_data"]["file_path"] == "/data/datasets/a/train.jsonl"
    assert training["model_config"]["model_name_or_path"] == "/data/base-models/llama-3-1-8b-instruct/"
    output = f"/data/runs/{RUN_ID}/output/{NAME}"
    assert (config["run"]["results_dir"], training["training_args"]["training_dir"]) == (output, output)
    template = object_of(job_of())["spec"]["replicaSpecs"][0]["template"]["spec"]
    assert {"name": "storage", "persistentVolumeClaim": {"claimName": "fsx-claim"}} in template["volumes"]


def test_a_file_outside_the_shared_storage_is_refused_by_its_address() -> None:
    with pytest.raises(
        UnsupportedCombination, match="s3://elsewhere/m/: pods of this cluster read only files"
    ):
        a_job(llmft(), cluster=STANDARD, model="s3://elsewhere/m/")


def test_a_cluster_without_shared_storage_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="cluster open has no shared storage"):
        a_job(llmft(), cluster=replace(STANDARD, storage=None), model=MODEL)


def test_open_weights_do_not_run_on_restricted_groups() -> None:
    with pytest.raises(UnsupportedCombination, match="runs on standard instance groups; cluster nova has"):
        a_job(llmft(), cluster=RESTRICTED, model=MODEL)


def test_task_governance_on_a_restricted_cluster_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="queue = 'q': cluster nova is restricted"):
        replace(RESTRICTED, queue="q")


def test_an_elastic_recipe_scales_between_the_sizes_that_it_has_settings_for() -> None:
    recipe = llmft()
    paths = {"elastic_policy.is_elastic": True, "elastic_policy.max_nodes": 4}
    spec = object_of(job_of(replace(recipe, values={**recipe.values, **paths})))["spec"]
    assert spec["elasticPolicy"] == {
        "minReplicas": 1,
        "maxReplicas": 4,
        "replicaDiscreteValues": [1, 2, 3, 4],
        "scalingTimeoutInSeconds": 600,
        "gracefulShutdownTimeoutInSeconds": 600,
    }
    assert spec["replicaSpecs"][0]["maxReplicas"] == 4
    accepted_by_aws(
        job_name=NAME,
        image="image",
        elastic_replica_discrete_values=spec["elasticPolicy"]["replicaDiscreteValues"],
        replica_count=1,
        max_replica_count=4,
    )


def test_a_recipe_that_is_not_elastic_has_no_such_policy() -> None:
    spec = object_of(job_of())["spec"]
    assert "elasticPolicy" not in spec
    assert "maxReplicas" not in spec["replicaSpecs"][0]


def test_what_is_not_known_well_enough_is_refused_with_a_reason() -> None:
    row = next(
        row
        for row in catalogue().training_of("llama-3-1-8b-instruct")
        if row.technique == "rft" and row.adaptation == "lora" and "hyperpod-eks" in row.platforms
    )
    recipe = a_recipe("llama-3-1-8b-instruct", "sft")
    verl = replace(recipe, row=row, values={**recipe.values, "run.model_type": "verl"})
    with pytest.raises(UnsupportedCombination, match="not RayJobs of VERL"):
        a_job(verl, cluster=STANDARD, model=MODEL)
