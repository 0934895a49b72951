"""AWS::SSM::Document, as a record of the embedded Systems Manager."""

from __future__ import annotations

import json
from typing import Any

from localcloud.aws.cloudformation import handlers
from localcloud.aws.cloudformation.handlers import Created, Properties, perform, replaced
from localcloud.aws.services.service import Service

LONGEST_NAME = 128


def register_types(service: Service) -> None:
    """Make the type known to MiniStack's CloudFormation."""

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        name = props.get("Name") or handlers.physical_name(stack, logical_id, longest=LONGEST_NAME)
        request: dict[str, Any] = {"Name": name, "Content": _content(props)}
        request |= {key: props[key] for key in ("DocumentType", "DocumentFormat") if key in props}
        perform(service, "CreateDocument", request)
        return name, {}

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        if replaced(old, new, "Name", "DocumentType"):
            return create("", new, stack)
        if _content(old) != _content(new):
            perform(service, "UpdateDocument", {"Name": physical_id, "Content": _content(new)})
        return physical_id, {}

    def delete(physical_id: str, _props: Properties) -> None:
        perform(service, "DeleteDocument", {"Name": physical_id})

    handlers.register("AWS::SSM::Document", create=create, update=update, delete=delete)


def _content(props: Properties) -> str:
    """The template may spell it as an object; the API takes text."""
    content = props["Content"]
    return content if isinstance(content, str) else json.dumps(content)
