"""Models and deployments of the embedded Bedrock as tests make them."""

from __future__ import annotations

from typing import Any

from localcloud.common.home import ROOT_SECRET_KEY, SERVICE_ACCOUNT_ID
from tests.contract.localcloud.account import Account, until


class Bedrock:
    """Checkpoints, models and deployments, by names of their own."""

    def __init__(self, account: Account, role_arn: str) -> None:
        self._account = account
        self.role_arn = role_arn
        self.control = account.client("bedrock")
        self.runtime = account.client("bedrock-runtime")

    def checkpoint(self, weights: str) -> str:
        """A checkpoint as a training job leaves it: in the service's own bucket."""
        s3 = self._account.client("s3", SERVICE_ACCOUNT_ID, ROOT_SECRET_KEY)
        bucket = "customer-escrow-000000000000-smtj-09fb161d"
        s3.create_bucket(Bucket=bucket)
        key = f"{self._account.fresh('job')}/step_1"
        s3.put_object(Bucket=bucket, Key=f"{key}/weights", Body=weights.encode())
        return f"s3://{bucket}/{key}"

    def request(self, uri: str, **changes: Any) -> dict[str, Any]:
        source = {"s3DataSource": {"s3Uri": uri}}
        name = self._account.fresh("model")
        return {"modelName": name, "modelSourceConfig": source, "roleArn": self.role_arn} | changes

    def model(self, weights: str, **changes: Any) -> dict[str, Any]:
        """The model made from a checkpoint, once it is no longer Creating."""
        arn = self.control.create_custom_model(**self.request(self.checkpoint(weights), **changes))[
            "modelArn"
        ]
        return self.settled_model(arn)

    def settled_model(self, identifier: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            model: dict[str, Any] = self.control.get_custom_model(modelIdentifier=identifier)
            return model if model["modelStatus"] != "Creating" else None

        return until(look)

    def deployment(self, model_arn: str, **changes: Any) -> dict[str, Any]:
        """The deployment of a model, once it is no longer Creating."""
        name = self._account.fresh("deployment")
        request = {"modelDeploymentName": name, "modelArn": model_arn} | changes
        self.control.create_custom_model_deployment(**request)
        return self.settled_deployment(request["modelDeploymentName"])

    def settled_deployment(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.control.get_custom_model_deployment(
                customModelDeploymentIdentifier=name
            )
            busy = (
                found["status"] == "Creating"
                or found.get("updateDetails", {}).get("updateStatus") == "Updating"
            )
            return None if busy else found

        return until(look)
