"""The API server as an ASGI application: authenticate, authorize, do, answer."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qsl

from localcloud.common.request_gate import Message, Receive, Send
from localcloud.kubernetes import resources
from localcloud.kubernetes.api import discovery
from localcloud.kubernetes.api.access import User
from localcloud.kubernetes.api.authentication import Authenticator
from localcloud.kubernetes.api.deletion import DeleteOptions
from localcloud.kubernetes.api.pod_logs import pod_log
from localcloud.kubernetes.api.rbac import Attributes, Rbac
from localcloud.kubernetes.api.requests import Request, Target, target_of
from localcloud.kubernetes.api.responses import send_document, send_stream
from localcloud.kubernetes.api.reviews import review
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.api.watching import DEFAULT_SECONDS, Watch
from localcloud.kubernetes.errors import ApiError, no_such_path, not_allowed, unauthorized
from localcloud.kubernetes.logs import Logs
from localcloud.kubernetes.objects import Object
from localcloud.kubernetes.selectors import Predicate, by_fields, by_labels

logger = logging.getLogger("atelier.cloud")
HEALTH = ("/healthz", "/livez", "/readyz")
_BEARER = "Bearer "


class Application:
    """The API of one cluster."""

    def __init__(self, verbs: Verbs, rbac: Rbac, authenticator: Authenticator, logs: Logs) -> None:
        self._verbs = verbs
        self._rbac = rbac
        self._authenticator = authenticator
        self._logs = logs

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = await _read(scope, receive)
            await self._answer(request, receive, send)
        except ApiError as error:
            await send_document(send, error.status(), error.code)
        except Exception as error:
            logger.exception("%s %s", scope["method"], scope["path"])
            await send_document(
                send, ApiError(500, "InternalError", f"Internal error: {error}").status(), 500
            )

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        user = self._user(request)
        target = target_of(request)
        if target is None:
            attributes = Attributes(request.method.lower(), path=request.path)
            self._rbac.require(user, attributes)
            await self._discover(request, send)
            return
        self._rbac.require(user, target.attributes(), target.resource)
        if target.verb == "watch":
            watched = _encoded(self._watch(request, target).events(self._verbs.store))
            await send_stream(receive, send, watched, "application/json")
        elif target.subresource == "log":
            if target.verb != "get":
                raise not_allowed(request.method)
            await send_stream(
                receive, send, pod_log(self._verbs, self._logs, target.key, request), "text/plain"
            )
        elif target.resource in resources.REVIEWS:
            await send_document(send, review(target.resource, request.document(), user, self._rbac), 201)
        else:
            document, code = self._do(request, target)
            await send_document(send, document, code)

    def _user(self, request: Request) -> User:
        token = request.headers.get("authorization", "")
        if token.startswith(_BEARER):
            user = self._authenticator.authenticate(token.removeprefix(_BEARER).strip())
            if user is not None:
                return user
        raise unauthorized()

    async def _discover(self, request: Request, send: Send) -> None:
        if request.method != "GET":
            raise not_allowed(request.method)
        if request.path in HEALTH:
            await send_document(send, "ok", 200)
            return
        document = discovery.answer(request.path)
        if document is None:
            raise no_such_path()
        await send_document(send, document, 200)

    def _do(self, request: Request, target: Target) -> tuple[Object, int]:
        """The answer to a request that is one step, and its HTTP status."""
        dry_run = request.query.get("dryRun") == "All"
        subresource = target.subresource or None
        verbs = self._verbs
        match target.verb:
            case "get":
                return verbs.get(target.key), 200
            case "list":
                return self._list(request, target), 200
            case "create":
                created = verbs.create(
                    target.resource, target.namespace or "", request.document(), dry_run=dry_run
                )
                return created, 201
            case "update":
                updated = verbs.update(
                    target.key, request.document(), subresource=subresource, dry_run=dry_run
                )
                return updated, 200
            case "patch":
                patched, is_new = verbs.patch(
                    target.key,
                    request.document(),
                    request.content_type,
                    subresource=subresource,
                    dry_run=dry_run,
                )
                return patched, 201 if is_new else 200
            case "delete":
                return self._delete(request, target), 200
            case _:
                options = DeleteOptions.of(request.document(), dict(request.query))
                gone = verbs.delete_collection(target.resource, target.namespace, _selects(request), options)
                return _listed(target, gone, {"resourceVersion": str(verbs.store.revision)}), 200

    def _list(self, request: Request, target: Target) -> Object:
        page = self._verbs.page(
            target.resource,
            target.namespace,
            _selects(request),
            request.number("limit") or 0,
            request.query.get("continue", ""),
        )
        metadata: dict[str, Any] = {"resourceVersion": str(page.revision)}
        if page.token:
            metadata |= {"continue": page.token, "remainingItemCount": page.remaining}
        return _listed(target, page.items, metadata)

    def _delete(self, request: Request, target: Target) -> Object:
        """A pod answers with itself, and so does what is not gone yet; everything else with Success."""
        key = target.key
        last = self._verbs.delete(key, DeleteOptions.of(request.document(), dict(request.query)))
        if key.resource is resources.PODS or self._verbs.store.get(key) is not None:
            return last
        details = {"name": key.name, "kind": key.resource.plural, "uid": last["metadata"]["uid"]}
        if key.resource.group:
            details["group"] = key.resource.group
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _watch(self, request: Request, target: Target) -> Watch:
        initial = request.query.get("sendInitialEvents")
        return Watch(
            target.resource,
            target.namespace,
            _selects(request),
            request.query.get("resourceVersion", ""),
            DEFAULT_SECONDS if (given := request.number("timeoutSeconds")) is None else given,
            None if initial is None else request.flag("sendInitialEvents"),
            request.flag("allowWatchBookmarks"),
        )


async def _read(scope: Message, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return Request(
        scope["method"],
        scope["path"],
        dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


def _selects(request: Request) -> Predicate:
    by_label = by_labels(request.query.get("labelSelector", ""))
    by_field = by_fields(request.query.get("fieldSelector", ""))
    return lambda obj: by_label(obj) and by_field(obj)


def _listed(target: Target, items: list[Object], metadata: dict[str, Any]) -> Object:
    resource = target.resource
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": items,
    }


async def _encoded(events: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """One line a watch event; an error after the beginning is an event too."""
    try:
        async for event in events:
            yield json.dumps(event).encode() + b"\n"
    except ApiError as error:
        yield json.dumps({"type": "ERROR", "object": error.status()}).encode() + b"\n"
