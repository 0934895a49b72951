"""The tools of the example's support agent, as Converse's toolConfig declares them."""

from __future__ import annotations

from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


APPLIANCES = _words(
    "oven fridge freezer washer dryer dishwasher toaster kettle mixer heater lamp fan stove boiler"
)
DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday")
PARTS = _words("filter hose handle shelf knob belt pump door motor lid tray bulb cable blade hinge gasket")
CITIES = _words(
    "Paris Oslo Lima Cairo Seoul Quito Delhi Tokyo Rome Kyiv Accra Bonn Perth Sofia Tunis Hanoi Doha Riga"
)
REASONS = _words("broken late wrong unwanted")
SYSTEM = "You are a support agent."


def _tool(name: str, description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
    return {"toolSpec": {"name": name, "description": description, "inputSchema": {"json": schema}}}


ORDER_ID = {"type": "string", "pattern": "^[A-H]-[0-9]{4}$", "description": "Order number such as A-1042"}
APPLIANCE = {"type": "string", "enum": APPLIANCES}

TOOL_CONFIG: dict[str, Any] = {
    "tools": [
        _tool("look_up_order", "Find an order and its status", order_id=ORDER_ID),
        _tool(
            "refund_order",
            "Give the customer the money back",
            order_id=ORDER_ID,
            reason={"type": "string", "enum": REASONS},
        ),
        _tool(
            "change_address",
            "Send an order to another city",
            order_id=ORDER_ID,
            city={"type": "string", "enum": CITIES},
        ),
        _tool(
            "book_technician",
            "Send a technician to repair an appliance",
            appliance=APPLIANCE,
            day={"type": "string", "enum": DAYS},
            hour={"type": "integer", "minimum": 8, "maximum": 18},
        ),
        _tool(
            "order_part",
            "Order a spare part",
            part={"type": "string", "enum": PARTS},
            quantity={"type": "integer", "minimum": 1, "maximum": 24},
        ),
        _tool(
            "check_warranty",
            "Tell whether an appliance is under warranty",
            appliance=APPLIANCE,
            year={"type": "integer", "minimum": 2005, "maximum": 2026},
        ),
    ]
}
