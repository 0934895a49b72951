"""The app that every stack hangs from: what holds for all of them is said here once."""

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

from config.invalid import InvalidConfiguration
from config.model import Environment

CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"


class GovernedApp(App):
    """The feature flags of cdk.json however it is started, tags, and cdk-nag: a finding fails synthesis.

    `context` stands in for the command line's `-c`, `outdir` for its `--output`.
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
            # cfn-lint asks the same of the templates in the tests; here it would be half of the time.
            builtin_cloud_formation_validation=False,
        )
        self._environment = environment
        for key, value in environment.tags.items():
            Tags.of(self).add(key, value)
        Validations.of(self).add_plugins(AwsSolutionsChecks(self))

    @property
    def data_removal(self) -> RemovalPolicy:
        """DESTROY when both keys turn: the environment allows it and `-c destroy_data=true` asks for it.

        Else data is kept, but for a stack whose first creation fails: what it made is empty, and would be
        left behind by each try.
        """
        asked = self.node.try_get_context("destroy_data") or "false"
        if asked not in ("true", "false"):
            raise InvalidConfiguration(f"-c destroy_data= must be true or false, got {asked!r}")
        if asked == "true" and not self._environment.data_may_be_destroyed:
            raise InvalidConfiguration(
                f"-c destroy_data=true is refused: environment {self._environment.name} does not set "
                "data_may_be_destroyed in config/environments.py"
            )
        return RemovalPolicy.DESTROY if asked == "true" else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
