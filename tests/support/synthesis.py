"""What the CDK app renders, and questions about it that the synth tests share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import build
from config.model import Environment

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesis:
    """Templates by the noun of their stack (`Network`), and the validation report."""

    environment: Environment
    folder: Path
    templates: Mapping[str, Mapping[str, Any]]

    def resources(self, type_name: str) -> Iterator[Resource]:
        """Every resource of a CloudFormation type, in any stack."""
        for template in self.templates.values():
            yield from (
                resource for resource in template["Resources"].values() if resource["Type"] == type_name
            )

    def find(self, logical_id: str) -> Resource:
        """A resource by logical id: only to follow a reference from another one."""
        return next(
            template["Resources"][logical_id]
            for template in self.templates.values()
            if logical_id in template["Resources"]
        )

    def flat(self, value: Any) -> str:
        """A rendered value as text: a reference is a logical id without its hash, a function its ARN."""
        match value:
            case str():
                return value
            case {"Fn::Join": [delimiter, parts]}:
                return str(delimiter).join(self.flat(part) for part in parts)
            case {"Ref": "AWS::Partition"}:
                return "aws"
            case {"Ref": "AWS::Region"}:
                return self.environment.region
            case {"Ref": "AWS::StackId"}:
                return "arn:aws:cloudformation:::stack/a-stack/01234567-89ab-cdef-0123-456789abcdef"
            case {"Fn::Select": [index, {"Fn::Split": [delimiter, whole]}]}:
                return self.flat(whole).split(delimiter)[int(index)]
            case {"Fn::GetAtt": [name, "OpenIdConnectIssuerUrl"]}:
                return f"https://{self._name(name)}"
            case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
                return self._name(name)
            case {"Fn::ImportValue": name}:
                return self.flat(self._exported(name))
        raise ValueError(f"cannot flatten {value!r}")

    def report(self) -> Mapping[str, Mapping[str, Any]]:
        """The validation report's part of each plugin."""
        document = json.loads((self.folder / "validation-report.json").read_text())
        return {plugin["pluginName"]: plugin for plugin in document["pluginReports"]}

    def _name(self, logical_id: str) -> str:
        resource = self.find(logical_id)
        if resource["Type"] == "AWS::Lambda::Function":
            module = str(resource["Properties"]["Handler"]).split(".")[2]
            return f"arn:aws:lambda:{self.environment.region}:{self.environment.account}:function:{module}"
        return f"<{re.sub('[0-9A-F]{8}$', '', logical_id)}>"

    def _exported(self, name: str) -> Any:
        outputs = (output for template in self.templates.values() for output in template["Outputs"].values())
        return next(output["Value"] for output in outputs if output.get("Export", {}).get("Name") == name)


def synthesise(environment: Environment, folder: Path, **context: str) -> Synthesis:
    """Render `environment` into `folder`; raises when validation has an unacknowledged finding."""
    assembly = build(environment, outdir=str(folder), **context).synth()
    templates = {
        stack.stack_name.rpartition("-")[2]: json.loads((folder / stack.template_file).read_text())
        for stack in assembly.stacks
    }
    return Synthesis(environment, folder, templates)
