"""Function RunBuild: a build is part of the stack, which stands when it succeeded or says how it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from lambdas.resources.custom_resource import Context, Done, NotYet, Request, ResourceFailed, run

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient


def handler(event: dict[str, Any], context: Context) -> None:
    """Custom resource {Project, Variables: {name: value}} → nothing. A change of any runs a new build."""
    builds = Builds(boto3.client("codebuild"))
    run(event, context, builds.look)


class Builds:
    """Starts one build for each request and follows it. Deletion runs nothing: see ADR 0070."""

    def __init__(self, codebuild: CodeBuildClient) -> None:
        self._codebuild = codebuild

    def look(self, request: Request) -> Done | NotYet:
        """Done when the build has succeeded; ResourceFailed names its phase, message and log."""
        if request.kind == "Delete":
            return Done()
        build_id = request.state.get("build") or self._start(request)
        (build,) = self._codebuild.batch_get_builds(ids=[build_id])["builds"]
        if build["buildStatus"] == "SUCCEEDED":
            return Done()
        if build["buildStatus"] == "IN_PROGRESS":
            return NotYet(f"build {build_id} is in phase {build['currentPhase']}", {"build": build_id})
        complaints = [
            f"{phase['phaseType']}: {context['message']}"
            for phase in build.get("phases", [])
            for context in phase.get("contexts", [])
            if context.get("message")
        ]
        log = build.get("logs", {}).get("deepLink", "no log")
        raise ResourceFailed(f"build {build_id} {build['buildStatus']}; {'; '.join(complaints)}; {log}")

    def _start(self, request: Request) -> str:
        variables = request.properties["Variables"]
        started = self._codebuild.start_build(
            projectName=request.properties["Project"],
            idempotencyToken=request.token,
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"}
                for name, value in sorted(variables.items())
            ],
        )
        return started["build"]["id"]
