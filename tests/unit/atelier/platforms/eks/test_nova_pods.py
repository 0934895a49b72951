"""Nova's jobs on restricted instance groups, held to what AWS's own launcher renders.

The values below are those that aws/sagemaker-hyperpod-recipes keeps of its rendering for p5 instances
(tests/nova_k8s_workflow, launcher/nova/k8s_templates/SFT). Where ours differ the test says so.
"""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml

from atelier.errors import UnsupportedCombination
from atelier.recipes.render import document
from tests.fixtures.cluster_jobs import (
    NAME,
    NAMESPACE,
    OUTPUT,
    STANDARD,
    a_job,
    a_recipe,
    an_evaluation,
    by_kind,
)
from tests.fixtures.recipes import REWARD_FUNCTION

FSX = "/sagemaker/fsx"
MOUNTS = {
    "fsx-path-main": f"{FSX}/main",
    "training-config": "/config",
    "dshm": "/dev/shm",  # noqa: S108 - a path in a pod
    "logs": "/var/log/aws/clusters",
    "fsx-path-output-artifacts": f"{FSX}/output_artifacts",
    "tmp-storage": "/tmp",  # noqa: S108 - a path in a pod
}
VOLUMES = {
    "fsx-path-main": {"hostPath": {"path": f"{FSX}/main", "type": "DirectoryOrCreate"}},
    "fsx-path-init": {"hostPath": {"path": f"{FSX}/init", "type": "DirectoryOrCreate"}},
    "training-config": {"configMap": {"name": f"training-config-{NAME}"}},
    "dshm": {"emptyDir": {"medium": "Memory"}},
    "logs": {"hostPath": {"path": "/var/log/aws/clusters", "type": "DirectoryOrCreate"}},
    "fsx-path-output-artifacts": {
        "hostPath": {"path": f"{FSX}/output_artifacts", "type": "DirectoryOrCreate"}
    },
    "tmp-storage": {"hostPath": {"path": "/opt/dlami/nvme", "type": "Directory"}},
}
CA_VOLUME = {"hostPath": {"path": "/etc/kubernetes/pki/ca.crt", "type": "File"}}
EIGHT_GPUS = {"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 32}


def on_p5(technique: str = "sft", adaptation: str = "full", **changes: Any) -> Any:
    return a_recipe("nova-micro", technique, adaptation, instance_type="ml.p5.48xlarge", **changes)


def pods(job: Any) -> list[dict[str, Any]]:
    """The pod templates of a PyTorchJob, by replica type."""
    specs = by_kind(job, "PyTorchJob")[0]["spec"]["pytorchReplicaSpecs"]
    return [replicas["template"] for replicas in specs.values()]


def named(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Volumes by name."""
    return {item["name"]: {key: value for key, value in item.items() if key != "name"} for item in items}


def mounts(container: dict[str, Any]) -> dict[str, str]:
    return {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}


def test_a_job_is_a_pytorch_job_and_the_config_map_of_its_recipe() -> None:
    job = a_job()
    assert [manifest["kind"] for manifest in job.objects] == ["PyTorchJob", "ConfigMap"]
    assert [manifest["metadata"]["name"] for manifest in job.objects] == [NAME, f"training-config-{NAME}"]
    assert {manifest["metadata"]["namespace"] for manifest in job.objects} == {NAMESPACE}


def test_the_recipe_in_the_config_map_is_the_rendered_one_with_its_addresses() -> None:
    recipe = a_recipe()
    content = yaml.safe_load(by_kind(a_job(recipe), "ConfigMap")[0]["data"]["config.yaml"])
    inputs = {"data_s3_path": "s3://atelier-data/datasets/a/train.jsonl", "output_s3_path": OUTPUT}
    assert content == document(recipe, job_name=NAME, model=recipe.base_model.model, inputs=inputs)
    assert content["run"]["data_s3_path"] == inputs["data_s3_path"]
    assert content["run"]["output_s3_path"] == OUTPUT


def test_one_master_and_a_worker_for_every_other_node() -> None:
    specs = by_kind(a_job(on_p5(replicas=4)), "PyTorchJob")[0]["spec"]["pytorchReplicaSpecs"]
    assert {kind: spec["replicas"] for kind, spec in specs.items()} == {"Master": 1, "Worker": 3}
    assert {spec["restartPolicy"] for spec in specs.values()} == {"OnFailure"}


def test_a_job_on_one_node_has_no_workers() -> None:
    specs = by_kind(a_job(), "PyTorchJob")[0]["spec"]["pytorchReplicaSpecs"]
    assert list(specs) == ["Master"]


def test_pods_are_as_aws_s_launcher_renders_them() -> None:
    for template in pods(a_job(on_p5())):
        spec = template["spec"]
        (container,) = spec["containers"]
        assert container["name"] == "pytorch"
        assert container["image"].endswith("nova-fine-tune-repo:SM-HP-SFT-latest")
        assert container["imagePullPolicy"] == "Always"
        assert not {"command", "args"} & set(container)
        assert container["resources"] == {"limits": EIGHT_GPUS, "requests": EIGHT_GPUS}
        assert container["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}
        assert mounts(container) == MOUNTS
        assert named(spec["volumes"]) == VOLUMES
        assert spec["tolerations"] == [
            {
                "key": "sagemaker.amazonaws.com/RestrictedNode",
                "operator": "Equal",
                "value": "Worker",
                "effect": "NoSchedule",
            }
        ]
        assert {variable["name"]: variable["value"] for variable in container["env"]} == {
            "X_AMZ_SOURCE_ACCOUNT": "111122223333",
            "INSTANCE_TYPE": "ml.p5.48xlarge",
            "AWS_REGION": "us-east-1",
        }
        assert "hostNetwork" not in spec


def test_pods_go_to_restricted_nodes_of_their_instance_type_only() -> None:
    affinity = pods(a_job(on_p5()))[0]["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert {each["key"]: each["values"] for each in term["matchExpressions"]} == {
        "node.kubernetes.io/instance-type": ["ml.p5.48xlarge"],
        "sagemaker.amazonaws.com/instance-group-type": ["Restricted"],
    }


def test_unlike_aws_s_the_init_container_mounts_no_volume_that_is_not_there() -> None:
    """AWS's chart always mounts `k8s-ca-cert`, a volume of pods that call a function only."""
    for template in pods(a_job(on_p5())):
        (init,) = template["spec"]["initContainers"]
        assert init["image"] == "708977205387.dkr.ecr.us-east-1.amazonaws.com/init-container-repo:latest"
        assert mounts(init) == {
            "fsx-path-init": f"{FSX}/init",
            "training-config": "/config",
            "logs": "/var/log/aws/clusters",
        }
        assert set(mounts(init)) <= set(named(template["spec"]["volumes"]))


def test_an_evaluation_calls_functions_over_the_node_s_network_and_has_the_cluster_s_certificate() -> None:
    (template,) = pods(a_job(an_evaluation()))
    spec = template["spec"]
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert named(spec["volumes"])["k8s-ca-cert"] == CA_VOLUME
    for container in (*spec["initContainers"], *spec["containers"]):
        assert mounts(container)["k8s-ca-cert"] == "/etc/kubernetes/pki/ca.crt"


def test_an_instance_without_efa_is_not_asked_for_any() -> None:
    (template,) = pods(a_job(a_recipe()))
    assert template["spec"]["containers"][0]["resources"]["limits"] == {
        "nvidia.com/gpu": 4,
        "vpc.amazonaws.com/efa": 1,
    }


def test_unlike_aws_s_a_job_ends_by_itself_and_is_cleared_away() -> None:
    policy = by_kind(a_job(), "PyTorchJob")[0]["spec"]["runPolicy"]
    assert policy == {"activeDeadlineSeconds": 3600 + 4 * 3600, "ttlSecondsAfterFinished": 86400}


def test_nova_does_not_run_on_standard_groups() -> None:
    with pytest.raises(UnsupportedCombination, match="runs on restricted instance groups; cluster open has"):
        a_job(cluster=STANDARD)


def test_rft_without_the_hub_s_payload_says_how_to_get_it() -> None:
    with pytest.raises(UnsupportedCombination, match="AWS's hub, which is not synced"):
        a_job(a_recipe("nova-2-lite", "rft"), reward_lambda_arn=REWARD_FUNCTION)


@pytest.mark.parametrize(("technique", "adaptation"), [("sft", "lora"), ("dpo", "full"), ("cpt", "full")])
def test_every_object_is_what_kubernetes_accepts(technique: str, adaptation: str) -> None:
    job = a_job(a_recipe("nova-micro", technique, adaptation))
    assert_accepted(job)


def test_the_objects_of_an_evaluation_are_what_kubernetes_accepts() -> None:
    assert_accepted(a_job(an_evaluation()))


def assert_accepted(job: Any) -> None:
    """Kubernetes' published schemas, strict; a custom resource's pods as what will be made of them."""
    kubernetes_validate.validate(by_kind(job, "ConfigMap")[0], "1.37", strict=True)
    for number, template in enumerate(pods(job)):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"pod-{number}"} | template["metadata"],
        }
        kubernetes_validate.validate(pod | {"spec": template["spec"]}, "1.37", strict=True)
