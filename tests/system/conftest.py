"""One embedded cloud for all system tests: its own folder, every stack deployed once, IAM enforced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from cli.demo.demo import make_base_model, make_datasets
from cli.demo.open_weights import publish_open_weights
from cli.env.cdk import run_cdk
from client.connection import clients, connect
from config.environments.local import LOCAL
from localcloud import control
from localcloud.common.home import REPOSITORY, Home
from localcloud.slurm.setting import SlurmSetting
from tests.fixtures.deployed_pipeline import DeployedPipeline, eventually
from tests.fixtures.slurm.installed import installed_slurm

SHARED = Home(REPOSITORY / ".atelier")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPipeline]:
    """The deployed line. Slow once (about a minute): starts the cloud, runs `cdk deploy`."""
    folder = tmp_path_factory.mktemp("line")
    home = Home(folder / "home")
    home.root.mkdir()
    # Made where demos keep it, because it takes half a minute and is always the same.
    make_base_model(SHARED.base_models / "atelier-tiny")
    shutil.copytree(SHARED.base_models, home.base_models)
    make_datasets()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("ATELIER_HOME", str(home.root))
        control.up()
        try:
            assert run_cdk(LOCAL, ["deploy", "--all"], quiet=True) == 0
            yield DeployedPipeline(connect("local"), clients(LOCAL), folder)
        finally:
            control.down()


@pytest.fixture(scope="session")
def slurm_home(deployed: DeployedPipeline) -> Home:
    """The line's home, once Slurm is switched on for its cluster."""
    installed_slurm()
    home = Home.from_environ()
    publish_open_weights(deployed.pipeline, home.base_models / "atelier-tiny")
    SlurmSetting(home).enable()
    eventually(SlurmSetting(home).reported, bool, "Slurm to be reported")
    return home
