"""Roles of a deployed line, to take a grant away from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.deployed_line import DeployedLine


@contextmanager
def without_action(line: DeployedLine, module: str, action: str) -> Iterator[None]:
    """The function's deployed role without one action, and with it again afterwards."""
    iam = line.client("iam")
    function = line.client("lambda").get_function_configuration(FunctionName=line.function_name(module))
    role = function["Role"].rpartition("/")[2]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    assert any(
        action in _actions(statement) for document in policies.values() for statement in document["Statement"]
    )
    for name, document in policies.items():
        kept = [
            {**statement, "Action": [each for each in _actions(statement) if each != action]}
            for statement in document["Statement"]
            if _actions(statement) != [action]
        ]
        _put(iam, role, name, {**document, "Statement": kept})
    try:
        yield
    finally:
        for name, document in policies.items():
            _put(iam, role, name, document)


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def _put(iam: Any, role: str, name: str, document: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
