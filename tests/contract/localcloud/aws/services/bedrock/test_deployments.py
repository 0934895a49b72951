"""Runs that promote over each other on one stable deployment, through the real adapters."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from atelier import names
from atelier.errors import ResourceInUse, Superseded
from atelier.operations.model import Operation
from atelier.operations.submit import submit
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, PROMOTION
from atelier.targets.bedrock_requests import promotion_request
from atelier.targets.teardown import TeardownResult, teardown
from lambdas.adapters.bedrock_deployments import BedrockDeployments
from lambdas.adapters.bedrock_promotions import BedrockPromotions
from tests.fixtures.embedded_cloud.account import Account, until
from tests.fixtures.embedded_cloud.bedrock import Bedrock
from tests.fixtures.operations import FakeOperations, FakeService, an_operation


@dataclass
class Runs:
    """Runs that each made a model, and the stable deployment that they share."""

    bedrock: Bedrock
    stable: str
    operations: FakeOperations = field(default_factory=FakeOperations)

    @property
    def deployments(self) -> BedrockDeployments:
        return BedrockDeployments(bedrock=self.bedrock.control, runtime=self.bedrock.runtime)

    def promote(self, run_id: str) -> str:
        """Make the run's model and put it behind the stable deployment; the model's ARN."""
        promotion = self.record_promotion(run_id)
        self.submit(promotion)
        self.bedrock.settled_deployment(self.stable)
        return str(promotion.request["model_arn"])

    def record_promotion(self, run_id: str) -> Operation:
        """Make the run's model and record that it is to serve, replacing what serves now."""
        tags = [{"key": names.RUN_TAG, "value": run_id}]
        model_arn: str = self.bedrock.model(run_id, modelName=run_id, modelTags=tags)["modelArn"]
        self.operations.record(an_operation(names.CUSTOM_MODEL, run_id=run_id, kind=CUSTOM_MODEL))
        serving = self.deployments.serving_model(self.stable)
        request = promotion_request(
            run_id,
            deployment_name=self.stable,
            model_arn=model_arn,
            compared_with=serving.model_arn if serving else None,
        )
        return self.operations.record(
            an_operation(names.PROMOTION, run_id=run_id, kind=PROMOTION, request=request)
        )

    def submit(self, promotion: Operation) -> None:
        """As state Promote does it."""
        promotions = BedrockPromotions(bedrock=self.bedrock.control, deployments=self.deployments)
        submit(promotion, operations=self.operations, service=promotions)

    def teardown(self, run_id: str) -> TeardownResult:
        return teardown(
            run_id,
            operations=self.operations,
            jobs_of=lambda _: FakeService(),
            deployments_of=lambda _target: self.deployments,
            now=60,
        )

    def release_once_idle(self, run_id: str) -> TeardownResult:
        """As the workflow does: called again while Bedrock is busy."""

        def attempt() -> TeardownResult | None:
            try:
                return self.teardown(run_id)
            except ResourceInUse:
                return None

        return until(attempt)

    def serving(self) -> str:
        """Name of the model that the stable deployment serves, once it takes no other."""
        self.bedrock.settled_deployment(self.stable)
        serving = self.deployments.serving_model(self.stable)
        assert serving is not None
        return serving.model_name


@pytest.fixture
def runs(account: Account, bedrock: Bedrock) -> Runs:
    return Runs(bedrock, account.fresh("stable"))


def test_a_late_failure_of_the_run_that_made_the_deployment_leaves_the_later_model_serving(
    account: Account, runs: Runs
) -> None:
    first, second = account.fresh("first"), account.fresh("second")
    runs.promote(first)
    arn = runs.bedrock.settled_deployment(runs.stable)["customModelDeploymentArn"]
    runs.promote(second)
    assert f"deployment {runs.stable}" not in runs.teardown(first).deleted
    assert runs.serving() == second
    messages = [{"role": "user", "content": [{"text": "hello"}]}]
    answer = runs.deployments.converse(arn, {"messages": messages})
    assert answer["output"]["message"]["content"] == [{"text": f"{second}: hello"}]


def test_a_late_failure_takes_the_deployment_away_while_it_serves_the_runs_own_model(
    account: Account, runs: Runs
) -> None:
    run_id = account.fresh("only")
    runs.promote(run_id)
    assert runs.teardown(run_id).deleted == (f"deployment {runs.stable}", f"model {run_id}")
    assert runs.deployments.serving_model(runs.stable) is None


def test_a_model_that_a_later_run_replaced_is_there_when_that_run_brings_it_back(
    account: Account, runs: Runs
) -> None:
    first, second = account.fresh("first"), account.fresh("second")
    model_arn = runs.promote(first)
    runs.promote(second)
    runs.teardown(first)
    assert runs.release_once_idle(second).restored == model_arn
    assert runs.serving() == first


def test_a_run_that_another_one_overtook_is_superseded_and_leaves_the_faster_model(
    account: Account, runs: Runs
) -> None:
    runs.promote(account.fresh("before"))
    slower, faster = account.fresh("slower"), account.fresh("faster")
    promotion = runs.record_promotion(slower)
    runs.promote(faster)
    with pytest.raises(Superseded, match="the gate compared the candidate with"):
        runs.submit(promotion)
    runs.release_once_idle(slower)
    assert runs.serving() == faster
