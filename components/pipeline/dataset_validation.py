"""The states that validate a run's datasets before any job is started."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from components.pipeline.workflow_tasks import CAUSE, FAILED, PAYLOAD, WorkflowTasks, holds

# High enough to read terabytes in hours, low enough to leave concurrency to the account's other functions.
MAX_CONCURRENCY = 20

# A Map's result is limited to 256 KiB: a thousand failed parts fit with causes of this many characters.
LONGEST_CAUSE = 150


class DatasetValidation(Construct):
    """ValidateDatasets → DatasetsSplit? → ValidateDatasetParts → MergeFindings.

    ValidateDatasets checks what one function can check in time, and assigns the numbers of the parts of
    larger files to `$dataset_parts`. A Distributed Map checks these parts. Its children are STANDARD: a part
    may take a function's 15 minutes and is retried, while an Express execution ends after five. Children
    cannot read the run's variables, so their input has the run and a part's number. A part that cannot be
    checked does not fail its child: the Map's error, States.ExceedToleratedFailureThreshold, has no cause.
    MergeFindings receives such parts and fails with their names and causes.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, tasks: WorkflowTasks, following: sfn.IChainable
    ) -> None:
        super().__init__(scope, construct_id)
        self._tasks = tasks
        self.start = tasks.invoke(
            "ValidateDatasets",
            {"run": "{% $run %}"},
            assign={"dataset_parts": "{% $states.result.Payload.parts %}"},
        )
        datasets_split = sfn.Choice.jsonata(self, "DatasetsSplit?")
        self.start.next(datasets_split)
        datasets_split.when(
            holds("$count($dataset_parts) > 0"),
            self._validate_dataset_parts().next(self._merge_findings()).next(following),
        ).otherwise(following)

    def _validate_dataset_parts(self) -> sfn.DistributedMap:
        parts = sfn.DistributedMap.jsonata(
            self,
            "ValidateDatasetParts",
            label="ValidateDatasetParts",
            map_execution_type=sfn.StateMachineType.STANDARD,
            items=sfn.ProvideItems.jsonata("{% $dataset_parts %}"),
            item_selector={
                "run_id": "{% $states.context.Execution.Input.run_id %}",
                "run": "{% $run %}",
                "part": "{% $states.context.Map.Item.Value %}",
            },
            max_concurrency=MAX_CONCURRENCY,
            assign={"unchecked_parts": "{% [$states.result[$exists(error)]] %}"},
        )
        parts.item_processor(self._validate_dataset_part())
        assert self._tasks.release is not None
        parts.add_catch(self._tasks.release, errors=["States.ALL"], assign=FAILED)
        return parts

    def _validate_dataset_part(self) -> sfn.IChainable:
        inputs = {name: f"{{% $states.input.{name} %}}" for name in ("run_id", "run", "part")}
        check = self._tasks.invoke("ValidateDatasetPart", inputs, outputs=PAYLOAD, is_in_map=True)
        check.add_catch(
            sfn.Pass.jsonata(self, "PartUnchecked"),
            errors=["States.ALL"],
            outputs={
                "part": "{% $states.input.part %}",
                "error": "{% $states.errorOutput.Error %}",
                "cause": f"{{% $substring({CAUSE}, 0, {LONGEST_CAUSE}) %}}",
            },
        )
        return check

    def _merge_findings(self) -> sfn.TaskStateBase:
        return self._tasks.invoke(
            "MergeFindings", {"run": "{% $run %}", "unchecked_parts": "{% $unchecked_parts %}"}
        )
