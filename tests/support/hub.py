"""A model in SageMakerPublicHub as AWS publishes it: its document, its templates and its override specs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atelier.errors import AccessRefused
from cli.recipes.public_hub import HubContent

CACHE = "s3://jumpstart-cache-prod-us-east-1/recipes"
LORA_SFT = "nova_micro_1_0_p5_p4d_gpu_lora_sft"
WITH_DATA_MIX = "nova_micro_1_0_p5_gpu_lora_sft_text_with_datamix"
IMAGE = "708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-SFT-latest"
ACCESS_POINT = "arn:aws:s3:us-east-1:708977205387:accesspoint/forge-{customer_id}"

TRAINING_JOB_TEMPLATE = """\
run:
  name: '{{name}}'
  model_type: amazon.nova-micro-v1:0:128k
  model_name_or_path: nova-micro/prod
  replicas: 2
  data_s3_path: '{{data_s3_path}}'
  output_s3_path: '{{output_s3_path}}'
training_config:
  max_length: 32768
  global_batch_size: '{{global_batch_size}}'
  trainer:
    max_epochs: '{{max_epochs}}'
  model:
    hidden_dropout: 0.0
    optim:
      lr: '{{learning_rate}}'
      name: distributed_fused_adam
      eps: 1e-06
      betas:
      - 0.9
      - 0.999
    peft:
      peft_scheme: lora
      lora_tuning:
        loraplus_lr_ratio: '{{learning_rate_ratio}}'
        alpha: '{{lora_alpha}}'
"""

HYPERPOD_TEMPLATE = """\
---
# Source: sagemaker-training/templates/training-config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: training-config-{{name}}
data:
  config.yaml: |-
    run:
      name: '{{name}}'
      model_type: amazon.nova-micro-v1:0:128k
      model_name_or_path: nova-micro/prod
      replicas: '{{replicas}}'
      data_s3_path: '{{data_s3_path}}'
    training_config:
      global_batch_size: {{global_batch_size}}
      model:
        optim:
          lr: {{learning_rate}}
---
# Source: sagemaker-training/templates/training.yaml
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata:
  name: {{name}}
  namespace: {{namespace}}
spec:
  pytorchReplicaSpecs:
    Worker:
      replicas: {{replicas}}
"""

OVERRIDES: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "required": True, "default": "my-run"},
    "data_s3_path": {"type": "string", "required": False, "default": ""},
    "output_s3_path": {"type": "string", "required": False, "default": ""},
    "global_batch_size": {"type": "integer", "required": True, "enum": [16, 32, 64], "default": 64},
    "max_epochs": {"type": "integer", "required": True, "min": 1, "max": 100, "default": 2},
    "learning_rate": {"type": "float", "required": True, "min": 0, "max": 1, "default": 1e-05},
    "learning_rate_ratio": {"type": "float", "required": False, "min": 1.0, "max": 70.0, "default": 16},
    "lora_alpha": {"type": "integer", "required": False, "enum": [32, 64, 128], "default": 128},
    "max_context_length": {"type": "integer", "required": True, "min": 1, "max": 131072, "default": 8192},
}
HYPERPOD_OVERRIDES = {
    **OVERRIDES,
    "replicas": {"type": "integer", "required": True, "enum": [2, 4, 8], "default": 2},
    "namespace": {"type": "string", "required": True, "default": "kubeflow"},
}


def entry(name: str = LORA_SFT, **changes: Any) -> dict[str, Any]:
    """An entry of RecipeCollection; a change to None takes a key away."""
    fields: dict[str, Any] = {
        "Name": name,
        "DisplayName": "Nova Micro LoRA SFT on GPU",
        "RecipeFilePath": f"recipes/fine-tuning/nova/nova_1_0/nova_micro/SFT/{name}.yaml",
        "CustomizationTechnique": "SFT",
        "Type": "FineTuning",
        "InstanceCount": 2,
        "Versions": ["1.0.1"],
        "Hardware": "GPU",
        "SupportedInstanceTypes": ["ml.p5.48xlarge", "ml.p4d.24xlarge"],
        "Peft": "LORA",
        "SequenceLength": "32K",
        "ServerlessMeteringType": "Token-based",
        "SmtjRecipeTemplateS3Uri": f"{CACHE}/{name}_payload_template_sm_jobs_v1.0.20.yaml",
        "SmtjOverrideParamsS3Uri": f"{CACHE}/{name}_override_params_sm_jobs_v1.0.20.json",
        "SmtjImageUri": IMAGE,
        "HpEksPayloadTemplateS3Uri": f"{CACHE}/{name}_payload_template_k8s_v1.0.20.yaml",
        "HpEksOverrideParamsS3Uri": f"{CACHE}/{name}_override_params_k8s_v1.0.20.json",
    }
    return {key: value for key, value in (fields | changes).items() if value is not None}


def for_subscribers(name: str = WITH_DATA_MIX) -> dict[str, Any]:
    """An entry whose files only subscribers of Nova Forge can read."""
    return entry(
        name,
        IsSubscriptionModel=True,
        SmtjRecipeTemplateS3Uri=None,
        HpEksPayloadTemplateS3Uri=f"s3://{ACCESS_POINT}/recipes/{name}.yaml",
        HpEksOverrideParamsS3Uri=f"s3://{ACCESS_POINT}/recipes/{name}.json",
    )


def document(*entries: Mapping[str, Any]) -> str:
    """A HubContentDocument."""
    return json.dumps({"Url": "https://aws.amazon.com/nova", "RecipeCollection": list(entries)})


def files_of(described: Mapping[str, Any]) -> dict[str, bytes]:
    """What lies at the addresses that an entry names."""
    return {
        described["SmtjRecipeTemplateS3Uri"]: TRAINING_JOB_TEMPLATE.encode(),
        described["SmtjOverrideParamsS3Uri"]: json.dumps(OVERRIDES).encode(),
        described["HpEksPayloadTemplateS3Uri"]: HYPERPOD_TEMPLATE.encode(),
        described["HpEksOverrideParamsS3Uri"]: json.dumps(HYPERPOD_OVERRIDES).encode(),
    }


class FakeHub:
    """Stands for `cli.recipes.public_hub.PublicHub`: contents by name, files by address, some refused."""

    def __init__(self, contents: Mapping[str, HubContent], files: Mapping[str, bytes]) -> None:
        self.contents = dict(contents)
        self.files = dict(files)
        self.refused: set[str] = set()

    def content(self, name: str) -> HubContent | None:
        return self.contents.get(name)

    def read(self, uri: str) -> bytes:
        if uri in self.refused:
            raise AccessRefused(f"s3:GetObject on {uri} was refused (AccessDenied)")
        if uri not in self.files:
            raise FileNotFoundError(uri)
        return self.files[uri]


def a_hub(*entries: Mapping[str, Any], name: str = "nova-textgeneration-micro") -> FakeHub:
    """A hub with one model that has these recipes; files of subscribers are refused."""
    hub = FakeHub({name: HubContent("1.0.7", document(*entries))}, {})
    for described in entries:
        if described.get("IsSubscriptionModel"):
            hub.refused |= {value for key, value in described.items() if key.endswith("S3Uri")}
        elif "SmtjRecipeTemplateS3Uri" in described:
            hub.files |= files_of(described)
    return hub
