"""The internals of MiniStack that the embedded cloud uses, each with a check.

MiniStack is pinned exactly, so a mismatch means another version was installed: it fails at start-up and by
name, not as a job that hangs. A test holds this list and the code that uses it together.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable, Mapping
from typing import Any

PINNED_VERSION = "1.5.33"


class InternalsMoved(RuntimeError):
    """MiniStack is not the version this extension was written for."""


Check = Callable[[Any], bool]


def function(*parameters: str) -> Check:
    """A function that begins with these parameters."""
    return lambda value: (
        callable(value) and tuple(inspect.signature(value).parameters)[: len(parameters)] == parameters
    )


def instance(*kinds: type) -> Check:
    return lambda value: isinstance(value, kinds)


def containing(key: str) -> Check:
    """A dictionary with this key, or a text with these words in it."""
    return lambda value: key in value


def has(*names: str) -> Check:
    """An object with these attributes (a scoped store, a class)."""
    return lambda value: all(hasattr(value, name) for name in names)


STORE = has("get_scoped", "_data", "get")

INTERNALS: Mapping[str, Mapping[str, Check]] = {
    "ministack.app": {
        "app": function("scope", "receive", "send"),
        "SERVICE_HANDLERS": containing("bedrock-runtime"),
        "_build_persistence_save_dict": function(),
        "_load_persisted_state": function(),
    },
    "ministack.core.iam_actions": {
        "SERVICE_TO_IAM_NAMESPACE": containing("bedrock"),
        "extract_resource_arn": function("service", "method", "path", "headers", "body"),
        "request_tag_context": function("service", "iam_action", "body", "params"),
    },
    "ministack.core.iam_evaluator": {
        "AuthError": has("__dataclass_fields__"),
        "CredentialResolutionError": has("__dataclass_fields__"),
        "EvalContext": has("__dataclass_fields__"),
        "enforce": function(
            "access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"
        ),
        "evaluate": function("ctx", "policies"),
        "evaluate_resource_policy": function("doc", "ctx", "service"),
        "find_iam_access_key_account": function("access_key_id"),
        "parse_policy_document": function("doc"),
        "resolve_credential": function("access_key_id", "account_id", "session_token"),
        "_gather_role_policies": function("role_name", "account_id"),
        "_service_principal_matches": function("principal", "service"),
    },
    "ministack.core.lambda_runtime": {
        "_PYTHON_WORKER_SCRIPT": containing('"error": str(e), "trace": traceback.format_exc()'),
        "reset": function(),
    },
    "ministack.core.persistence": {
        "STATE_DIR": instance(str),
        "_json_default": function("obj"),
        "_state_format_version": function("service"),
    },
    "ministack.core.responses": {
        "get_account_id": function(),
        "get_region": function(),
        "request_scope": function("account_id", "region"),
        "StreamingResponse": function("runner"),
        "_account_from_sts_session": function("access_key_id"),
    },
    "ministack.core.router": {
        "SERVICE_PATTERNS": containing("bedrock"),
        "extract_access_key_id": function("headers", "query_params"),
    },
    "ministack.services.budgets": {
        "_create_budget": function("data"),
        "_delete_budget": function("data"),
    },
    "ministack.services.cloudformation.provisioners": {
        "_RESOURCE_HANDLERS": containing("AWS::Lambda::Function"),
        "_ec2_apply_tags": function("physical_id", "props"),
        "_physical_name": function("stack_name", "logical_id"),
    },
    "ministack.services.cloudformation.stacks": {
        "_runs_on_worker_thread": function("resource_type"),
    },
    "ministack.services.cloudwatch_logs": {
        "_compile_filter_pattern": function("raw"),
        "_filter_log_events": function("data"),
        "_log_groups": STORE,
        "_resolve_log_group_name": function("data"),
    },
    "ministack.services.dynamodb": {"_update_ttl": function("data")},
    "ministack.services.ec2": {
        "_addresses": STORE,
        "_allocate_address": function("p"),
        "_authorize_sg_egress": function("p"),
        "_authorize_sg_ingress": function("p"),
        "_create_flow_logs": function("params"),
        "_create_nat_gateway": function("params"),
        "_delete_flow_logs": function("params"),
        "_delete_nat_gateway": function("params"),
        "_release_address": function("p"),
        "_revoke_sg_egress": function("p"),
        "_revoke_sg_ingress": function("p"),
        "_security_groups": STORE,
        "_subnets": STORE,
        "_vpc_fields_xml": function("vpc", "tag"),
        "_vpcs": STORE,
    },
    "ministack.services.eks": {
        "_VALID_ACCESS_ENTRY_TYPES": containing("STANDARD"),
        "_access_entries": STORE,
        "_access_policy_associations": function("cluster_name", "account_id", "region"),
        "_addons": STORE,
        "_ae_key": function("cluster_name", "principal_arn"),
        "_associate_access_policy": function("cluster_name", "principal_arn", "body"),
        "_clusters": STORE,
        "_create_access_entry": function("cluster_name", "body"),
        "_create_addon": function("cluster_name", "body"),
        "_create_cluster": function("body", "creator_arn"),
        "_create_pod_identity_association": function("cluster_name", "body"),
        "_delete_access_entry": function("cluster_name", "principal_arn"),
        "_delete_addon": function("cluster_name", "addon_name"),
        "_delete_cluster": function("name"),
        "_delete_pod_identity_association": function("cluster_name", "association_id"),
        "_describe_addon": function("cluster_name", "addon_name"),
        "_describe_cluster": function("name"),
        "_disassociate_access_policy": function("cluster_name", "principal_arn", "policy_arn"),
        "_pia_key": function("cluster_name", "association_id"),
        "_pod_identity_associations": STORE,
        "_update_access_entry": function("cluster_name", "principal_arn", "body"),
        "_update_addon": function("cluster_name", "addon_name", "body"),
        "_update_pod_identity_association": function("cluster_name", "association_id", "body"),
    },
    "ministack.services.eventbridge": {
        "_SCHEDULER_TICK_INTERVAL": instance(int, float),
        "_dispatch_to_lambda": function("arn", "payload"),
        "_put_events": function("data", "allow_aws_source"),
        "_invoke_target": function("target", "event", "rule", "view"),
        "_parse_rate_seconds": function("expr"),
        "_tick_scheduled_rules": function(),
    },
    "ministack.services.iam": {
        "_aws_managed_policies": containing("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"),
        "_make_aws_managed_record": function("name", "document"),
        "_roles": STORE,
    },
    "ministack.services.lambda_svc": {
        "_execute_function_warm": function("func", "event", "request_id"),
        "_execution_record_for_config": function("func", "config"),
        "_functions": STORE,
        "_get_func_record_for_ref": function("function_ref"),
        "function_policy_for_arn": function("resource_arn"),
        "invoke_async_with_retry": function("func", "event"),
    },
    "ministack.services.sns": {"_topic_by_arn_any_scope": function("topic_arn")},
    "ministack.services.stepfunctions": {
        "_ExecutionError": function("error", "cause"),
        "_apply_jsonata_output": function(
            "state_def", "raw_input", "ctx", "result", "error_output", "default"
        ),
        "_apply_jsonata_template": function("value", "raw_input", "ctx"),
        "_apply_state_assign": function("state_def", "raw_input", "ctx", "result"),
        "_jsonata_state_field": function("state_def", "field", "expected", "raw_input", "ctx"),
        "_run_distributed_map": function(
            "state_def", "raw_input", "effective", "iterator", "execution", "ctx"
        ),
        "_run_sub_machine": function("states", "start_at", "input_data", "execution", "ctx"),
        "_state_query_language": function("state_def", "ctx"),
        "_SERVICE_DISPATCH": containing("arn:aws:states:::sns:publish"),
        "_call_lambda": function("func_ref", "event"),
        "_executions": STORE,
        "_invoke_with_callback": function("resource", "input_data", "token", "state_def"),
        "_run_execution": function("exec_arn"),
        "_state_machines": STORE,
        "_task_tokens": has("get"),
    },
    "ministack.services.sts": {"register_session": function("access_key", "session")},
}


def verify() -> None:
    """Raise InternalsMoved with everything that has moved or changed."""
    version = importlib.metadata.version("ministack")
    moved = [
        f"{module}.{name}"
        for module, names in INTERNALS.items()
        for name, check in names.items()
        if not _holds(module, name, check)
    ]
    if moved or version != PINNED_VERSION:
        raise InternalsMoved(
            f"the embedded cloud extends MiniStack {PINNED_VERSION}, found {version}; "
            f"changed or gone: {', '.join(moved) or 'nothing this check knows of'}. "
            "Install the version of requirements.lock into .venv-cloud (make setup)."
        )


def _holds(module: str, name: str, check: Check) -> bool:
    try:
        return bool(check(getattr(importlib.import_module(module), name)))
    except (AttributeError, ImportError, TypeError, ValueError):
        return False
