"""What reaches synthesis from outside the environment literals: feature flags from cdk.json, and `-c` values."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import App, CliCredentialsStackSynthesizer, DefaultStackSynthesizer, RemovalPolicy

from config.model import Environment, InvalidConfiguration

CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"


def new_app(environment: Environment, context: dict[str, str]) -> App:
    """An app with the feature flags of cdk.json, however it is started; `context` stands in for `-c`."""
    flags = json.loads(CDK_JSON.read_text())["context"]
    synthesizer = environment.assets_bucket and CliCredentialsStackSynthesizer(
        file_assets_bucket_name=environment.assets_bucket, bucket_prefix=""
    )
    return App(
        context=flags | context,
        default_stack_synthesizer=synthesizer or DefaultStackSynthesizer(),
        analytics_reporting=False,
        auto_synth=False,
        tree_metadata=False,
    )


def data_removal(app: App, environment: Environment) -> RemovalPolicy:
    """DESTROY when both keys are turned: the environment allows it, and `-c destroy_data=true` asks for it; else RETAIN."""
    asked = app.node.try_get_context("destroy_data")
    if asked not in (None, "true", "false"):
        raise InvalidConfiguration(f"-c destroy_data= must be true or false, got {asked!r}")
    if asked == "true" and not environment.data_may_be_destroyed:
        raise InvalidConfiguration(
            f"-c destroy_data=true is refused: {environment.name} does not set data_may_be_destroyed in config/environments.py"
        )
    return RemovalPolicy.DESTROY if asked == "true" else RemovalPolicy.RETAIN
