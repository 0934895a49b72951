"""Kind `approval`: a request to a person through an SNS topic, answered through the operations table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atelier.operations.model import Operation, OperationState, Phase, Status
from lambdas.adapters.client_errors import domain_errors

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from atelier.operations.ports import Operations


class SnsApprovals:
    """Port LongRunning for a person's decision."""

    ends_by_itself = False

    def __init__(self, *, sns: SNSClient, operations: Operations) -> None:
        self._sns = sns
        self._operations = operations

    def submit(self, operation: Operation) -> None:
        """Publish the question. SNS does not deduplicate: after a crash a person may get it twice."""
        with domain_errors("sns:Publish", operation.request["TopicArn"]):
            self._sns.publish(**operation.request)

    def describe(self, operation: Operation) -> Status:
        """SUCCEEDED with the decision; ABSENT until the question is known to be published."""
        decision = self._operations.decision(operation.run_id)
        if decision is not None:
            return Status(Phase.SUCCEEDED, result=decision)
        if operation.state is OperationState.RECORDED:
            return Status(Phase.ABSENT)
        return Status(Phase.RUNNING, detail="waiting for a person")

    def stop(self, operation: Operation) -> None:
        """Nothing: a question cannot be taken back, and an answer to a closed operation is refused."""
