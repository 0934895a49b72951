"""The composition root: `cdk deploy --all -c env=dev` puts these stacks into the environment `dev`."""

from __future__ import annotations

import sys

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from config.context import data_removal, new_app
from config.model import Environment, InvalidConfiguration
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


def build(environment: Environment, **context: str) -> App:
    """Every stack of `environment`; `context` stands in for the command line's `-c`."""
    app = new_app(environment, context)
    removal = data_removal(app, environment)
    storage = StorageStack(
        app, environment.stack_name("Storage"), environment=environment, data_removal=removal
    )
    network = NetworkStack(app, environment.stack_name("Network"), environment=environment, key=storage.key)
    PipelineStack(
        app,
        environment.stack_name("Pipeline"),
        environment=environment,
        network=network,
        storage=storage,
        data_removal=removal,
    )
    for key, value in environment.tags.items():
        Tags.of(app).add(key, value)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


if __name__ == "__main__":
    try:
        # Imported here because a literal in it may be wrong, too.
        from config.environments import environment_named

        build(environment_named(App(auto_synth=False).node.try_get_context("env"))).synth()
    except InvalidConfiguration as error:
        sys.exit(str(error))
