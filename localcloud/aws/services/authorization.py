"""IAM for Atelier's services: the caller, its permissions, and those of passed roles.

MiniStack's generic enforcement knows one action and one resource a request. Ours need several (the call, its
tags, the role it passes), so the generic one is off for them (`extension`), and each operation asks here.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from ministack.core import iam_evaluator, responses, router
from ministack.services import iam, sts

from localcloud.aws.services.protocol import HttpRequest
from localcloud.common.service_error import ServiceError, access_denied

SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Caller:
    """The principal behind a request, whose signature MiniStack has checked."""

    access_key_id: str
    account_id: str
    region: str

    @classmethod
    def of(cls, request: HttpRequest) -> Caller:
        return cls(
            access_key_id=router.extract_access_key_id(dict(request.headers), dict(request.query)),
            account_id=responses.get_account_id(),
            region=responses.get_region(),
        )

    def require(self, action: str, resource: str = "*", context: Mapping[str, Any] | None = None) -> None:
        """Raise AccessDeniedException unless the caller's policies allow the action on the resource."""
        denied = iam_evaluator.enforce(
            self.access_key_id,
            action,
            action.partition(":")[0],
            self.region,
            resource_arn=resource,
            service_context=dict(context or {}),
        )
        if denied is None:
            return
        if isinstance(denied, iam_evaluator.AuthError):
            raise ServiceError("UnrecognizedClientException", denied.message, status=403)
        raise access_denied(denied.principal_arn, action, resource, explicitly=denied.decision == "Deny")

    def require_pass_role(self, role_arn: str, service: str) -> None:
        """iam:PassRole on the role, for the service it is passed to."""
        self.require("iam:PassRole", role_arn, {"iam:PassedToService": service})


def tag_context(tags: Mapping[str, str]) -> dict[str, Any]:
    """aws:RequestTag/* and aws:TagKeys of a request that sets tags; nothing for one that sets none."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:TagKeys": list(tags)}


@dataclass(frozen=True)
class ServiceRole:
    """A role of the account that a service of AWS works as."""

    arn: str
    account_id: str

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    def require_trust(self, service: str, source_arn: str, region: str) -> None:
        """Raise ValidationException unless the role exists and trusts the service in this context."""
        record = iam._roles.get_scoped(self.account_id, None, self.name)
        if (
            record is None
            or record["Arn"] != self.arn
            or not _trusts(
                record["AssumeRolePolicyDocument"],
                service,
                self._context("sts:AssumeRole", self.arn, region, source_arn),
            )
        ):
            raise ServiceError(
                "ValidationException",
                f"Could not assume role {self.arn}. Please ensure that the role exists and allows principal "
                f"'{service}' to assume the role.",
            )

    def require_allowed(self, action: str, resource: str, region: str) -> None:
        """Raise AccessDeniedException unless the role's own policies allow the action."""
        context = self._context(action, resource, region, "")
        result = iam_evaluator.evaluate(
            context, iam_evaluator._gather_role_policies(self.name, self.account_id)
        )
        if result.decision != "Allow":
            raise access_denied(context.principal_arn, action, resource, explicitly=result.decision == "Deny")

    def session(self, name: str, region: str) -> boto3.Session:
        """Temporary credentials of the role, as STS hands them to a service that assumes it."""
        key, secret, token = (
            f"ASIA{secrets.token_hex(8).upper()}",
            secrets.token_hex(20),
            secrets.token_hex(64),
        )
        sts.register_session(
            key,
            {
                "Arn": f"arn:aws:sts::{self.account_id}:assumed-role/{self.name}/{name}",
                "UserId": f"{self.name}:{name}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": time.time() + SESSION_SECONDS,
            },
        )
        return boto3.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
        )

    def _context(self, action: str, resource: str, region: str, source_arn: str) -> iam_evaluator.EvalContext:
        return iam_evaluator.EvalContext(
            principal_arn=f"arn:aws:sts::{self.account_id}:assumed-role/{self.name}/service",
            principal_type="AssumedRole",
            principal_account=self.account_id,
            action=action,
            resource_arn=resource,
            region=region,
            service_context={"aws:sourceaccount": self.account_id, "aws:sourcearn": source_arn or None},
        )


def _trusts(document: str | dict[str, Any], service: str, context: iam_evaluator.EvalContext) -> bool:
    """Whether a trust policy lets the service assume the role; a Deny wins.

    MiniStack's own evaluation knows no caller that is a service: principals are matched here, the rest there.
    """
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    applicable = [
        {**statement, "Resource": "*"}
        for statement in ([statements] if isinstance(statements, dict) else statements)
        if iam_evaluator._service_principal_matches(statement.get("Principal"), service)
    ]
    policy = iam_evaluator.parse_policy_document({"Statement": applicable})
    return bool(iam_evaluator.evaluate(context, [policy]).decision == "Allow")
