"""A pydantic type for names that registries and the catalogue list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class OneOf:
    """Accepts the names that a function returns.

    The function is called for each validation and for the JSON Schema.
    """

    names: Callable[[], Sequence[str]]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._accepted)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"enum": list(self.names()), "type": "string"}

    def _accepted(self, value: Any) -> str:
        names = self.names()
        if isinstance(value, str) and value in names:
            return value
        *first, last = (f"'{name}'" for name in names)
        expected = f"{', '.join(first)} or {last}" if first else last
        # The same error as for a Literal, so that both are reported alike.
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
