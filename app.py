"""The composition root: `cdk deploy --all -c env=dev` deploys these stacks to the environment `dev`."""

from __future__ import annotations

from aws_cdk import App

from components.governed_app import GovernedApp
from config import InvalidConfiguration
from config.environments import environment_named
from config.model import Environment
from stacks.clusters import cluster_stacks
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


def build(environment: Environment, *, outdir: str | None = None, **context: str) -> App:
    """The app with every stack of `environment`; `context` replaces the command line's `-c`."""
    app = GovernedApp(environment, context=context, outdir=outdir)
    name = environment.stack_name
    storage = StorageStack(app, name("Storage"), environment=environment, removal=app.data_removal)
    network = NetworkStack(app, name("Network"), environment=environment, storage=storage)
    pipeline = PipelineStack(app, name("Pipeline"), environment=environment, network=network, storage=storage)
    cluster_stacks(app, environment=environment, network=network, storage=storage, pipeline=pipeline)
    return app


def main() -> None:
    """Synthesise the environment that `-c env=` names; invalid configuration exits with one message."""
    try:
        build(environment_named(App(auto_synth=False).node.try_get_context("env"))).synth()
    except InvalidConfiguration as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
