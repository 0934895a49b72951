"""One embedded cloud for these tests: scripted programs in place of models, in a folder with spaces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud import control
from localcloud.common.home import Home
from localcloud.control import Cloud
from tests.contract.localcloud.account import SCRIPTED, Account, policy
from tests.contract.localcloud.bedrock import Bedrock


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("embedded cloud"))


@pytest.fixture(scope="session")
def cloud(home: Home) -> Iterator[Cloud]:
    try:
        yield control.up(home, **SCRIPTED)
    finally:
        control.down(home)


@pytest.fixture(scope="session")
def account(cloud: Cloud) -> Iterator[Account]:
    prepared = Account(cloud)
    prepared.bucket()
    yield prepared
    prepared.close()


@pytest.fixture(scope="session")
def training_role(account: Account) -> str:
    return account.role("sagemaker", policy((["s3:*", "logs:*"], "*")))


@pytest.fixture(scope="session")
def model_role(account: Account) -> str:
    return account.role(
        "bedrock", policy((["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::customer-escrow-*"))
    )


@pytest.fixture(scope="session")
def bedrock(account: Account, model_role: str) -> Bedrock:
    return Bedrock(account, model_role)
