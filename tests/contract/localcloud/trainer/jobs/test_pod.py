"""Nova's pods on restricted nodes of the embedded cloud: they train, continue, evaluate, and say what failed.

A cloud of their own, because they run the real program: JAX's import and compiling make a job take seconds.
"""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from atelier.outputs.checkpoint import read_checkpoint
from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.eks.config_map import config_map
from atelier.platforms.eks.nova_pods import NovaPod
from atelier.platforms.eks.pytorch_job import pytorch_job
from atelier.platforms.resolved_stage import Instance
from lambdas.adapters.kubernetes.endpoint import control_plane_endpoint
from lambdas.adapters.s3_objects import S3Objects
from localcloud import control
from localcloud.common.home import ACCOUNT_ID, REGION, ROOT_SECRET_KEY, SERVICE_ACCOUNT_ID, Home
from tests.contract.localcloud.aws.cloudformation.test_eks import token
from tests.contract.localcloud.aws.services.sagemaker.clusters.test_operations import (
    Clusters,
    Place,
    prepared,
)
from tests.fixtures.embedded_cloud.account import BUCKET, SCRIPTED, Account, policy, until
from tests.unit.localcloud.trainer.conftest import (
    conversation,
    evaluation_recipe,
    preference,
    training_recipe,
)

NAMESPACE = "kubeflow"
ECR = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
OUTPUT = f"s3://{BUCKET}/runs/r/output"
PROGRAMS = SCRIPTED | {"ATELIER_BASE_MODEL_MODULE": "tests.fixtures.embedded_cloud.untrained_base_model"}
ROWS = [conversation(f"Where is order {number}?", "It is late.") for number in range(10, 18)]
PAIRS = [preference(f"Where is order {number}?", "It is late.", "It is lost.") for number in range(10, 17)]
QUESTIONS = [{"query": "Where is order 12?", "response": "It is late."}]


class Nova:
    """A cluster of two restricted nodes, and what runs on it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.s3 = account.client("s3")
        network = prepared(account)
        allowed = [
            (["ec2:DescribeSubnets", "ec2:CreateNetworkInterface"], "*"),
            (["s3:ListBucket", "s3:GetObject", "s3:PutObject", "logs:*"], "*"),
        ]
        place = Place(network.subnet, network.security_group, account.role("sagemaker", policy(*allowed)))
        clusters = Clusters(account, place)
        described = clusters.create(**clusters.request())
        assert described["ClusterStatus"] == "InService"
        self._name = described["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
        self._endpoint = control_plane_endpoint(self._name, eks=account.client("eks"))
        for name, rows in {"train": ROWS, "preferences": PAIRS, "gen_qa": QUESTIONS}.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            self.s3.put_object(Bucket=BUCKET, Key=f"datasets/{name}.jsonl", Body=text.encode())

    def submit(self, recipe: dict[str, Any], dataset: str, replicas: int = 1, model: str = "") -> str:
        """A job of the recipe on this data; its name."""
        name = self.account.fresh("job")
        recipe["run"] |= {
            "name": name,
            "replicas": replicas,
            "data_s3_path": f"s3://{BUCKET}/datasets/{dataset}.jsonl",
            "output_s3_path": OUTPUT,
        } | ({"model_name_or_path": model} if model else {})
        pod = NovaPod(
            job_name=name,
            image=f"{ECR}/atelier-tiny:latest",
            init_image=f"{ECR}/init-container-repo:latest",
            instance=Instance(name="ml.g5.12xlarge", accelerators=4),
            cluster=Cluster(
                name=self._name,
                configured_name="nova",
                namespace=NAMESPACE,
                region=REGION,
                account=ACCOUNT_ID,
                is_restricted=True,
                instance_types=("ml.g5.12xlarge",),
            ),
        )
        job = pytorch_job(name, replicas=replicas, template=pod.training(), active_seconds=600)
        self._call(f"/api/v1/namespaces/{NAMESPACE}/configmaps", config_map(name, recipe))
        self._call(f"/apis/kubeflow.org/v1/namespaces/{NAMESPACE}/pytorchjobs", job)
        return name

    def succeeded(self, name: str) -> None:
        def look() -> list[str] | None:
            job = self._call(f"/apis/kubeflow.org/v1/namespaces/{NAMESPACE}/pytorchjobs/{name}")
            conditions = (job.get("status") or {}).get("conditions") or []
            return [each["type"] for each in conditions if each["type"] in ("Succeeded", "Failed")]

        assert until(look) == ["Succeeded"], self.log(name)

    def log(self, name: str, rank: str = "master-0") -> str:
        return self._text(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}-{rank}/log")

    def message(self, name: str) -> str:
        """What the container of the job's master said when it had failed."""

        def look() -> str | None:
            pod = self._call(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}-master-0")
            for status in (pod.get("status") or {}).get("containerStatuses") or []:
                ended = (status.get("lastState") or {}).get("terminated")
                if ended:
                    return str(ended.get("message"))
            return None

        return until(look)

    def checkpoint(self, name: str) -> str:
        """The checkpoint of a finished job, as the pipeline reads it."""
        return read_checkpoint(
            {"manifest_uri": f"{OUTPUT}/{name}/manifest.json"}, objects=S3Objects(s3=self.s3)
        )

    def _call(self, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._text(path, document))
        return answer

    def _text(self, path: str, document: dict[str, Any] | None = None) -> str:
        request = urllib.request.Request(  # noqa: S310 - the endpoint is https, and ours
            self._endpoint.url + path,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Authorization": f"Bearer {token(self.account.cloud.session(), self._name)}",
                "Content-Type": "application/json",
            },
        )
        context = ssl.create_default_context(cadata=self._endpoint.ca)
        with urllib.request.urlopen(request, context=context) as response:  # noqa: S310
            text: str = response.read().decode()
            return text


@pytest.fixture(scope="module")
def nova(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nova]:
    home = Home(tmp_path_factory.mktemp("cloud of pods"))
    try:
        with closing(Account(control.up(home, **PROGRAMS))) as account:
            account.bucket()
            yield Nova(account)
    finally:
        control.down(home)


@pytest.fixture(scope="module")
def trained(nova: Nova) -> str:
    """The name of a job of two ranks that has fine-tuned the base model."""
    name = nova.submit(training_recipe(), "train", replicas=2)
    nova.succeeded(name)
    return name


def test_two_ranks_fine_tune_and_the_first_names_the_checkpoint_in_escrow(nova: Nova, trained: str) -> None:
    checkpoint = nova.checkpoint(trained)
    assert checkpoint.startswith(f"s3://customer-escrow-{ACCOUNT_ID}-hp-")
    assert checkpoint.endswith(f"/{trained}/step_4")
    lines = [line for line in nova.log(trained).splitlines() if "reduced_train_loss" in line]
    assert [line.split()[0] for line in lines] == [f"global_step={step}" for step in range(1, 5)]
    assert "reduced_train_loss" not in nova.log(trained, "worker-0")


def test_what_a_role_wrote_is_the_manifest_and_not_the_weights(nova: Nova, trained: str) -> None:
    bucket, _, key = nova.checkpoint(trained).removeprefix("s3://").partition("/")
    kept = nova.account.client("s3", SERVICE_ACCOUNT_ID, ROOT_SECRET_KEY).list_objects_v2(
        Bucket=bucket, Prefix=key
    )["Contents"]
    names = {entry["Key"].removeprefix(f"{key}/") for entry in kept}
    tokenizer = {"tokenizer.json", "tokenizer_config.json"}
    assert names == {"config.json", "model.safetensors", "adapter.safetensors"} | tokenizer
    with pytest.raises(nova.s3.exceptions.ClientError, match="AccessDenied"):
        nova.s3.list_objects_v2(Bucket=bucket)


def test_preferences_go_on_from_a_checkpoint_over_two_ranks(nova: Nova, trained: str) -> None:
    recipe = training_recipe(beta=0.1, max_epochs=1, global_batch_size=16)
    name = nova.submit(recipe, "preferences", replicas=2, model=nova.checkpoint(trained))
    nova.succeeded(name)
    assert "reward_margin" in nova.log(name)
    assert nova.checkpoint(name).endswith("/step_1")


def test_an_evaluation_writes_its_results_where_hyperpod_s_does(nova: Nova, trained: str) -> None:
    name = nova.submit(evaluation_recipe(max_new_tokens=4), "gen_qa", model=nova.checkpoint(trained))
    nova.succeeded(name)
    listed = nova.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"runs/r/output/{name}/")["Contents"]
    files = sorted(entry["Key"].partition(f"{name}/")[2] for entry in listed)
    assert files[0] == "eval-result/inference_output.jsonl"
    assert files[1].startswith("eval-result/results_")
    results = json.loads(nova.s3.get_object(Bucket=BUCKET, Key=listed[-1]["Key"])["Body"].read())
    assert results["results"]["custom|gen_qa_gen_qa|0"]["exact_match"] in (0.0, 1.0)


def test_a_failure_is_the_message_of_its_container(nova: Nova) -> None:
    name = nova.submit(training_recipe(), "missing")
    wanted = f"recipe: run.data_s3_path is 's3://{BUCKET}/datasets/missing.jsonl': there is no such object"
    assert nova.message(name) == wanted
