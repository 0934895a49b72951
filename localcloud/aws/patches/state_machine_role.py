"""A state machine's calls are authorized by its role: functions, topics and Maps.

MiniStack runs every integration with no identity at all. Enforced here for what Atelier's workflow uses:
`lambda:invoke` and `sns:publish`, with the error names Step Functions gives, and Distributed Maps, whose
children are executions of the machine itself.
"""

from __future__ import annotations

import contextvars
from typing import Any

from ministack.core import responses
from ministack.services import lambda_svc, sns, stepfunctions

from localcloud.aws.services.authorization import ServiceRole
from localcloud.common.service_error import ServiceError

PUBLISH = "arn:aws:states:::sns:publish"
_role: contextvars.ContextVar[ServiceRole | None] = contextvars.ContextVar(
    "atelier_state_machine_role", default=None
)


def apply() -> None:
    run_execution = stepfunctions._run_execution
    call_lambda = stepfunctions._call_lambda
    publish = stepfunctions._SERVICE_DISPATCH[PUBLISH]
    run_distributed_map = stepfunctions._run_distributed_map

    def run(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        if machine:
            _role.set(ServiceRole(machine["roleArn"], responses.get_account_id()))
        run_execution(execution_arn)

    def call(reference: str, event: Any) -> Any:
        _function, config, _name = lambda_svc._get_func_record_for_ref(reference)
        if config:
            _require("lambda:InvokeFunction", config["FunctionArn"], "Lambda.AWSLambdaException")
        return call_lambda(reference, event)

    def publish_as_role(resource: str, message: dict[str, Any]) -> Any:
        topic_arn = message.get("TopicArn", "")
        _require("sns:Publish", topic_arn, "SNS.AuthorizationErrorException")
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        key = topic.get("attributes", {}).get("KmsMasterKeyId")
        if key:
            # An encrypted topic: SNS asks KMS for a data key in the publisher's name.
            for action in ("kms:GenerateDataKey", "kms:Decrypt"):
                _require(action, _key_arn(key), "SNS.KMSAccessDeniedException")
        return publish(resource, message)

    def run_map_as_role(
        state: Any, raw_input: Any, effective: Any, iterator: Any, execution: dict[str, Any], context: Any
    ) -> Any:
        _require("states:StartExecution", execution["stateMachineArn"], "States.Permissions")
        return run_distributed_map(state, raw_input, effective, iterator, execution, context)

    stepfunctions._run_execution = run
    stepfunctions._run_distributed_map = run_map_as_role
    stepfunctions._call_lambda = call
    stepfunctions._SERVICE_DISPATCH[PUBLISH] = publish_as_role


def _require(action: str, resource: str, error_name: str) -> None:
    role = _role.get()
    if role is None:
        return
    try:
        role.require_allowed(action, resource, responses.get_region())
    except ServiceError as error:
        raise stepfunctions._ExecutionError(error_name, error.message) from error


def _key_arn(key: str) -> str:
    if key.startswith("arn:"):
        return key
    return f"arn:aws:kms:{responses.get_region()}:{responses.get_account_id()}:key/{key}"
