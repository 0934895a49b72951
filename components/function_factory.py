"""Lambda functions that all have log retention, tracing, a timeout and a role."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aws_cdk import (
    AssetHashType,
    Duration,
    RemovalPolicy,
    aws_iam as iam,
    aws_kms as kms,
    aws_lambda as lambda_,
    aws_logs as logs,
    aws_sqs as sqs,
)
from constructs import Construct

from components.bundles import code_bundle, layer_bundle
from components.function_network import FunctionNetwork
from components.permissions import acknowledge
from config.model import Architecture, FunctionPlatform

ARCHITECTURES = {
    Architecture.ARM64: lambda_.Architecture.ARM_64,
    Architecture.X86_64: lambda_.Architecture.X86_64,
}


def module_name(construct_id: str) -> str:
    """Name of the module of a function with this id: `ValidateRun` -> `validate_run`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", construct_id).lower()


class FunctionFactory(Construct):
    """Creates functions from one code bundle and one layer.

    Each has a role of its own. A role may only write logs and traces until a `grant_*` method allows more.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        platform: FunctionPlatform,
        environ: Mapping[str, str],
        key: kms.IKey,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._environ = dict(environ)
        self._key = key
        self._log_retention = log_retention
        self._platform = platform
        self._runtime = lambda_.Runtime(
            "python" + ".".join(map(str, platform.python)), lambda_.RuntimeFamily.PYTHON
        )
        self._architecture = ARCHITECTURES[platform.architecture]
        self._code = lambda_.Code.from_asset(str(code_bundle()))
        layer = layer_bundle(platform)
        self._layer = lambda_.LayerVersion(
            self,
            "Dependencies",
            # Named by the hash of the lock: a zlib that compresses differently publishes no new version.
            code=lambda_.Code.from_asset(
                str(layer), asset_hash=layer.stem, asset_hash_type=AssetHashType.CUSTOM
            ),
            compatible_architectures=[self._architecture],
            compatible_runtimes=[self._runtime],
        )
        self._tracing = iam.ManagedPolicy(
            self,
            "Tracing",
            description="X-Ray traces of Atelier's functions",
            statements=[
                iam.PolicyStatement(
                    actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"]
                )
            ],
        )
        acknowledge(self._tracing, "IAM5[Resource::*]", because="X-Ray has no resources to name in a policy")

    def function(
        self,
        construct_id: str,
        *,
        timeout: Duration | None = None,
        memory_mib: int = 512,
        reserved_concurrency: int | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        package: str = "handlers",
        network: FunctionNetwork | None = None,
    ) -> lambda_.Function:
        """Create the function whose handler is the module of `package` that the id names.

        A function that events invoke needs a dead-letter queue.
        """
        log_group = logs.LogGroup(
            self,
            f"{construct_id}Log",
            encryption_key=self._key,
            retention=self._log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            f"{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[self._tracing, *([network.policy] if network else [])],
        )
        log_group.grant_write(role)
        function = lambda_.Function(
            self,
            construct_id,
            code=self._code,
            handler=f"lambdas.{package}.{module_name(construct_id)}.handler",
            runtime=self._runtime,
            architecture=self._architecture,
            layers=[self._layer],
            role=role,
            environment=self._environ,
            timeout=timeout or Duration.minutes(1),
            memory_size=memory_mib,
            reserved_concurrent_executions=reserved_concurrency,
            dead_letter_queue=dead_letter_queue,
            logging_format=lambda_.LoggingFormat.JSON,
            log_group=log_group,
        )
        # `tracing=` would repeat the statement of the managed policy in every role.
        resource = function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        resource.vpc_config = network.configuration if network else None
        if self._platform == FunctionPlatform.of_this_host():
            acknowledge(
                function, "L1", because="The embedded cloud runs functions with this machine's own Python"
            )
        return function
