"""Systems Manager's documents, which MiniStack lacks: made, changed, shown and deleted, never run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localcloud.aws.services.authorization import Caller
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Handler, Operation, Service
from localcloud.common.home import Home
from localcloud.common.service_error import ServiceError


@dataclass
class Document:
    """One document; `contents` holds its versions, the first of which is number 1."""

    arn: str
    name: str
    type: str
    format: str
    contents: list[str]
    created: float

    def description(self) -> dict[str, Any]:
        """The document in DescribeDocument's shape."""
        version = str(len(self.contents))
        return {
            "Name": self.name,
            "DocumentType": self.type,
            "DocumentFormat": self.format,
            "DocumentVersion": version,
            "LatestVersion": version,
            "DefaultVersion": version,
            "Status": "Active",
            "CreatedDate": self.created,
            "Hash": hashlib.sha256(self.contents[-1].encode()).hexdigest(),
            "HashType": "Sha256",
        }


class Documents:
    """Create, update, get, describe and delete documents. MiniStack has checked IAM already."""

    def __init__(self, documents: Records[Document]) -> None:
        self._documents = documents

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateDocument": self.create,
            "UpdateDocument": self.update,
            "GetDocument": self.get,
            "DescribeDocument": self.describe,
            "DeleteDocument": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        request = call.params
        arn = _arn(call.caller, request["Name"])
        with self._documents.lock:
            if self._documents.get(arn) is not None:
                raise ServiceError("DocumentAlreadyExists", f"{request['Name']} already exists.")
            document = Document(
                arn,
                request["Name"],
                request.get("DocumentType", "Command"),
                request.get("DocumentFormat", "JSON"),
                [request["Content"]],
                time.time(),
            )
            self._documents.put(arn, document)
        return {"DocumentDescription": document.description()}

    def update(self, call: Call) -> dict[str, Any]:
        document = self._find(call)
        if call.params["Content"] == document.contents[-1]:
            raise ServiceError("DuplicateDocumentContent", f"{document.name} has this content already.")
        document.contents.append(call.params["Content"])
        self._documents.put(document.arn, document)
        return {"DocumentDescription": document.description()}

    def get(self, call: Call) -> dict[str, Any]:
        document = self._find(call)
        described = document.description()
        names = ("Name", "DocumentType", "DocumentFormat", "DocumentVersion", "Status", "CreatedDate")
        return {name: described[name] for name in names} | {"Content": document.contents[-1]}

    def describe(self, call: Call) -> dict[str, Any]:
        return {"Document": self._find(call).description()}

    def delete(self, call: Call) -> dict[str, Any]:
        self._documents.remove(self._find(call).arn)
        return {}

    def _find(self, call: Call) -> Document:
        name = call.params["Name"].rpartition("/")[2]
        document = self._documents.get(_arn(call.caller, name))
        if document is None:
            raise ServiceError("InvalidDocument", f"Document with name {name} does not exist.")
        return document


def start(home: Home) -> Service:
    """Take up what was there before."""
    return Service("ssm", Documents(Records(home.state / "ssm-documents", Document)).by_name())


def beside(documents: Service, others: Callable[..., Awaitable[Any]]) -> Handler:
    """The whole service: documents here, everything else as MiniStack has it."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], Any]:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in documents.operations:
            return await documents.handle(method, path, headers, body, query)
        answer: tuple[int, dict[str, str], Any] = await others(method, path, headers, body, query)
        return answer

    return handle


def _arn(caller: Caller, name: str) -> str:
    return f"arn:aws:ssm:{caller.region}:{caller.account_id}:document/{name}"
