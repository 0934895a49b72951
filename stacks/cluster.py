"""The base of cluster stacks, on EKS and on Slurm: functions and notices."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from components.function_factory import FunctionFactory
from components.notice_topic import NoticeTopic
from components.retention import retention
from config.cluster import ClusterConfig
from config.model import Environment
from stacks.storage import StorageStack


class ClusterStack(Stack):
    """A stack for one cluster, with termination protection where data may not be destroyed."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        cluster: ClusterConfig,
        storage: StorageStack,
    ) -> None:
        super().__init__(
            scope,
            environment.stack_name(cluster.suffix),
            env={"account": environment.account, "region": environment.region},
            termination_protection=not environment.data_may_be_destroyed,
        )
        self.log_retention = retention(environment.log_retention_days)
        self.functions = FunctionFactory(
            self,
            "Handlers",
            platform=environment.functions,
            environ={},
            key=storage.key,
            log_retention=self.log_retention,
        )
        self.notices = NoticeTopic(self, "Notices", key=storage.key, addresses=environment.notify)
