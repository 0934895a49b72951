"""EventBridge invokes a function as AWS does: by its permission, asynchronously, with retries and its DLQ.

MiniStack asks for no permission, tries once and forgets a failure.
"""

from __future__ import annotations

import contextvars
import json
import logging
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import eventbridge, lambda_svc

logger = logging.getLogger("atelier.cloud")
_rule_arn: contextvars.ContextVar[str] = contextvars.ContextVar("atelier_rule_arn", default="")


def apply() -> None:
    invoke_target = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        token = _rule_arn.set(rule.get("Arn", ""))
        try:
            invoke_target(target, event, rule, view)
        finally:
            _rule_arn.reset(token)

    eventbridge._invoke_target = invoke
    eventbridge._dispatch_to_lambda = _deliver


def _deliver(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        logger.warning("rule %s: function %s not found", _rule_arn.get(), name)
        return
    if not _permitted(arn):
        logger.warning(
            "rule %s: function %s has no permission for events.amazonaws.com", _rule_arn.get(), name
        )
        return
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _permitted(arn: str) -> bool:
    """Whether the function's own policy lets EventBridge invoke it for this rule."""
    found = lambda_svc.function_policy_for_arn(arn)
    context = iam_evaluator.EvalContext(
        principal_arn="events.amazonaws.com",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=responses.get_region(),
        service_context={"aws:sourcearn": _rule_arn.get(), "aws:sourceaccount": responses.get_account_id()},
    )
    policy = found[0] if found else None
    decision = iam_evaluator.evaluate_resource_policy(
        policy, context, service="events.amazonaws.com"
    ).decision
    return bool(decision == "Allow")
