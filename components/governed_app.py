"""The CDK app: context, tags and checks that hold for every stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import (
    App,
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    RemovalPolicy,
    Tags,
    Validations,
)
from cdk_nag import AwsSolutionsChecks

from config import InvalidConfiguration
from config.model import Environment

CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"


class GovernedApp(App):
    """An app with the feature flags of cdk.json, tags, and cdk-nag, whose findings fail synthesis.

    `context` replaces `-c` of the command line, `outdir` replaces `--output`.
    """

    def __init__(self, environment: Environment, *, context: Mapping[str, str], outdir: str | None) -> None:
        synthesizer = environment.assets_bucket and CliCredentialsStackSynthesizer(
            file_assets_bucket_name=environment.assets_bucket, bucket_prefix=""
        )
        super().__init__(
            context=json.loads(CDK_JSON.read_text())["context"] | context,
            outdir=outdir,
            default_stack_synthesizer=synthesizer or DefaultStackSynthesizer(),
            analytics_reporting=False,
            auto_synth=False,
            tree_metadata=False,
            # The tests run cfn-lint on the templates; CDK's own validation would double the synthesis time.
            builtin_cloud_formation_validation=False,
        )
        self._environment = environment
        for key, value in environment.tags.items():
            Tags.of(self).add(key, value)
        Validations.of(self).add_plugins(AwsSolutionsChecks(self))

    @property
    def data_removal(self) -> RemovalPolicy:
        """DESTROY when the environment allows it and `-c destroy_data=true` requests it.

        Otherwise data is retained, except when the first creation of a stack fails: its resources are empty,
        and each attempt would leave them behind.
        """
        value = self.node.try_get_context("destroy_data") or "false"
        if value not in ("true", "false"):
            raise InvalidConfiguration(f"-c destroy_data= must be true or false, got {value!r}")
        if value == "true" and not self._environment.data_may_be_destroyed:
            raise InvalidConfiguration(
                f"-c destroy_data=true is refused: environment {self._environment.name} does not set "
                f"data_may_be_destroyed in config/environments/{self._environment.name}.py"
            )
        return RemovalPolicy.DESTROY if value == "true" else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
