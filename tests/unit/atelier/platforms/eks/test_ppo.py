"""A PPO's five workloads, held to what aws/sagemaker-hyperpod-recipes keeps of its rendering."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.fixtures.cluster_jobs import NAME, NAMESPACE, a_job, a_recipe, by_kind

TASKS = {
    "rm": ("ppo_reward", "ppo_rm"),
    "cm": ("ppo_critic", "ppo_cm"),
    "am": ("ppo_anchor", "ppo_anchor"),
    "ag": ("ppo_actor_generation", "ppo_actor_gen"),
    "at": ("ppo_actor_train", "ppo_actor_train"),
}
# AWS's rendering for Nova Pro: two nodes generate, six train.
NODES = {"rm": 1, "cm": 1, "am": 1, "at": 6}


@pytest.fixture
def job() -> Any:
    return a_job(a_recipe("nova-pro", "ppo", "full"))


def configs(job: Any) -> dict[str, Any]:
    """The recipe of each part, by its suffix."""
    return {
        manifest["metadata"]["name"].rpartition("-")[2]: yaml.safe_load(manifest["data"]["config.yaml"])
        for manifest in by_kind(job, "ConfigMap")
    }


def test_four_parts_train_and_one_serves(job: Any) -> None:
    kinds = [(item["kind"], item["metadata"]["name"].removeprefix(NAME)) for item in job.objects]
    assert kinds[0] == ("PyTorchJob", "-at"), "what is waited for, and owns the others"
    assert sorted(kinds) == sorted(
        [
            *(("PyTorchJob", f"-{part}") for part in NODES),
            ("Service", "-ag"),
            ("StatefulSet", "-ag"),
            *(("ConfigMap", f"training-config-{NAME}-{part}") for part in TASKS),
        ]
    )


def test_each_part_has_its_own_block_as_training_config(job: Any) -> None:
    found = configs(job)
    assert {part: config["training_config"]["task_type"] for part, config in found.items()} == {
        part: task for part, (_, task) in TASKS.items()
    }
    assert found["at"]["training_config"]["max_steps"] == 1040
    assert found["ag"]["training_config"] == {
        "actor_model_max_length": 8192,
        "trainer": {"num_nodes": 2},
        "task_type": "ppo_actor_gen",
    }


def test_run_keeps_only_the_number_of_replicas_that_every_part_knows(job: Any) -> None:
    for config in configs(job).values():
        assert [key for key in config["run"] if key.endswith("_replicas")] == ["actor_generation_replicas"]


def test_every_part_has_its_number_of_nodes(job: Any) -> None:
    nodes = {
        item["metadata"]["name"].rpartition("-")[2]: sum(
            spec["replicas"] for spec in item["spec"]["pytorchReplicaSpecs"].values()
        )
        for item in by_kind(job, "PyTorchJob")
    }
    assert nodes == NODES
    assert by_kind(job, "StatefulSet")[0]["spec"]["replicas"] == 2


def test_generation_is_found_by_a_service_without_an_address(job: Any) -> None:
    (service,), (servers,) = by_kind(job, "Service"), by_kind(job, "StatefulSet")
    app = {"app": f"{NAME}-ag"}
    assert service["spec"] == {"clusterIP": "None", "selector": app}
    assert servers["spec"]["serviceName"] == service["metadata"]["name"]
    assert servers["spec"]["selector"]["matchLabels"] == app
    assert servers["spec"]["template"]["metadata"]["labels"].items() >= app.items()
    (container,) = servers["spec"]["template"]["spec"]["containers"]
    assert container["name"] == "server"
    assert container["image"].endswith("nova-fine-tune-repo:SMHP-PPO-TRT-latest")
    assert container["securityContext"] == {"privileged": True}
    assert container["env"] == [
        {"name": "SVC_NAME", "value": f"{NAME}-ag"},
        {"name": "NAMESPACE", "value": NAMESPACE},
    ]


def test_parts_that_train_know_their_name_and_have_no_scratch(job: Any) -> None:
    for item in by_kind(job, "PyTorchJob"):
        spec = item["spec"]["pytorchReplicaSpecs"]["Master"]["template"]["spec"]
        (container,) = spec["containers"]
        assert container["env"][0] == {"name": "SVC_NAME", "value": item["metadata"]["name"]}
        assert "tmp-storage" not in {volume["name"] for volume in spec["volumes"]}


def test_every_mount_of_every_part_is_a_volume(job: Any) -> None:
    specs = [
        item["spec"]["pytorchReplicaSpecs"]["Master"]["template"]["spec"]
        for item in by_kind(job, "PyTorchJob")
    ]
    specs.append(by_kind(job, "StatefulSet")[0]["spec"]["template"]["spec"])
    for spec in specs:
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in (*spec["initContainers"], *spec["containers"]):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_the_built_in_kinds_are_what_kubernetes_accepts(job: Any) -> None:
    for kind in ("ConfigMap", "Service", "StatefulSet"):
        for item in by_kind(job, kind):
            kubernetes_validate.validate(item, "1.37", strict=True)
