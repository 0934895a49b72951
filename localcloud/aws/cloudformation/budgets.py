"""AWS::Budgets::Budget, which MiniStack has by API only. Nothing costs, so no budget is reached."""

from __future__ import annotations

from typing import Any

from ministack.core import responses
from ministack.services import budgets

from localcloud.aws.cloudformation import handlers
from localcloud.aws.cloudformation.handlers import Created, Properties, call

LONGEST_NAME = 100


def register_types() -> None:
    """Make the type known to MiniStack's CloudFormation. A change of any property replaces."""
    handlers.register("AWS::Budgets::Budget", create=_create, delete=_delete)


def _create(logical_id: str, props: Properties, stack: str) -> Created:
    budget: dict[str, Any] = {**props["Budget"]}
    budget.setdefault("BudgetName", handlers.physical_name(stack, logical_id, longest=LONGEST_NAME))
    if "BudgetLimit" in budget:
        # A number in templates, text in the API.
        budget["BudgetLimit"] = budget["BudgetLimit"] | {"Amount": str(budget["BudgetLimit"]["Amount"])}
    call(
        budgets._create_budget,
        {
            "AccountId": responses.get_account_id(),
            "Budget": budget,
            "NotificationsWithSubscribers": props.get("NotificationsWithSubscribers", []),
        },
    )
    return budget["BudgetName"], {}


def _delete(physical_id: str, _props: Properties) -> None:
    call(budgets._delete_budget, {"AccountId": responses.get_account_id(), "BudgetName": physical_id})
