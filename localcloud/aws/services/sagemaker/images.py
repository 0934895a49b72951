"""The images the embedded cloud can run: its own tiny model's, and Amazon Nova's under their own names.

Each stands for the same program here, which reads from the recipe what to do, as Nova's containers do.
"""

from __future__ import annotations

NOVA_REGISTRIES = {
    "us-east-1": "708977205387",
    "us-west-2": "176779409107",
    "ap-northeast-1": "878185805882",
}
NOVA = (
    "nova-fine-tune-repo:SM-TJ-SFT-latest",
    "nova-fine-tune-repo:SM-TJ-SFT-V2-latest",
    "nova-fine-tune-repo:SM-TJ-DPO-latest",
    "nova-evaluation-repo:SM-TJ-Eval-V2-latest",
)
TINY = ("atelier-tiny:latest", "atelier-tiny-open:latest")


def known(account_id: str, region: str) -> list[str]:
    """The image URIs that an account can use in a region."""
    images = [_uri(account_id, region, name) for name in TINY]
    if region in NOVA_REGISTRIES:
        images += [_uri(NOVA_REGISTRIES[region], region, name) for name in NOVA]
    return images


def _uri(registry: str, region: str, name: str) -> str:
    return f"{registry}.dkr.ecr.{region}.amazonaws.com/{name}"
