"""Least privilege: policy statements, each with the reason for its wildcards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from aws_cdk import Acknowledgment, Stack, Validations, aws_iam as iam, aws_kms as kms, aws_lambda as lambda_
from constructs import Construct, IConstruct

Grantee = iam.Role | iam.Policy | iam.ManagedPolicy | lambda_.Function
"""A role, a further policy of a role, a managed policy for people, or a function, by its role."""

OWN_ID = "A cluster's ARN ends in an id that it gets when it is made"
"""Reason for a wildcard in place of a HyperPod cluster's id."""


def allow(
    grantee: Grantee,
    *actions: str,
    on: Sequence[str],
    when: Mapping[str, Any] | None = None,
    because: str = "",
) -> None:
    """Allow `actions` on the resources `on` under the conditions `when`.

    `because` is the reason for wildcards in `on`.
    """
    iam.Grant.add_to_principal(
        grantee=grantee, actions=list(actions), resource_arns=list(on), conditions={**when} if when else None
    )
    for arn in on:
        if "*" in arn:
            owner = policy_owner(grantee)
            acknowledge(owner, f"IAM5[Resource::{_flat(Stack.of(owner).resolve(arn))}]", because=because)


def allow_key(grantee: Grantee, key: kms.IKey, *actions: str, through: str) -> None:
    """Allow `actions` on the key only when the grantee uses it through a service."""
    region = Stack.of(policy_owner(grantee)).region
    allow(
        grantee,
        *actions,
        on=[key.key_arn],
        when={"StringEquals": {"kms:ViaService": f"{through}.{region}.amazonaws.com"}},
    )


def policy_owner(grantee: Grantee) -> Construct:
    """The construct that receives the statements: a function's role, or the grantee itself."""
    return cast(iam.Role, grantee.role) if isinstance(grantee, lambda_.Function) else grantee


def acknowledge(scope: IConstruct, *findings: str, because: str) -> None:
    """Accept these AwsSolutions findings within `scope`, named in full: `L1`, `IAM5[Resource::*]`."""
    if not because:
        raise ValueError(f"{scope.node.path}: {', '.join(findings)} needs a reason")
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=because) for finding in findings)
    )


def arn_in(scope: IConstruct, *, owner: Stack, arn: str) -> str:
    """`arn`, which `owner` defines, as a policy in the stack of `scope` will spell it.

    CDK resolves a reference across stacks at the end of synthesis, too late for the name of a finding that
    contains it. An explicit export has its final form immediately.
    """
    return arn if Stack.of(scope) is owner else owner.export_value(arn)


def _flat(value: Any) -> str:
    """A resolved value in the notation of cdk-nag's finding ids: `<Bucket.Arn>/datasets/*`."""
    match value:
        case str():
            # A policy's own variables, such as ${aws:userid}.
            return re.sub(r"\$\{(.+?)\}", r"<\1>", value)
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [str(resource), str(attribute)]}:
            return f"<{resource}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
        case {"Ref": str(name)}:
            return f"<{name}>"
    raise ValueError(
        f"a policy's resource must be built from Ref, Fn::GetAtt, Fn::ImportValue and Fn::Join, got {value!r}"
    )
