"""Which images the embedded cloud's nodes can pull, and what runs in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.common.home import Home
from localcloud.common.programs import BaseModel, BaseModelMissing, Programs
from localcloud.kubernetes.kubelet.images import images

ECR = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
NOVA = "708977205387.dkr.ecr.us-east-1.amazonaws.com"
PROGRAMS = Programs()


class Made(BaseModel):
    """A base model that is there, or cannot be made."""

    def __init__(self, home: Home, *, fails: bool = False) -> None:
        super().__init__(home, PROGRAMS)
        self._fails = fails

    def folder(self, *, patience: float = 0) -> Path:
        if self._fails:
            raise BaseModelMissing("no space left on device")
        return Path("base-models")


@pytest.mark.parametrize(
    "image", [f"{ECR}/atelier-tiny:latest", f"{NOVA}/nova-fine-tune-repo:SM-HP-SFT-latest"]
)
def test_images_that_train_stand_for_the_pod_program_with_the_base_models(tmp_path: Path, image: str) -> None:
    home = Home(tmp_path)
    program = images(home, PROGRAMS, Made(home)).find(image)
    assert program is not None
    assert program.entrypoint[1:] == ("-m", "localcloud.trainer.jobs.pod")
    assert program.environ == {"ATELIER_BASE_MODELS": str(tmp_path / "base-models")}


def test_the_init_image_prepares_nothing_and_waits_for_no_model(tmp_path: Path) -> None:
    home = Home(tmp_path)
    program = images(home, PROGRAMS, Made(home, fails=True)).find(f"{NOVA}/init-container-repo:latest")
    assert program is not None
    assert program.entrypoint == ("true",)


@pytest.mark.parametrize("image", ["atelier-tiny:latest", f"{ECR}/atelier-tiny:v2", f"{NOVA}/another:latest"])
def test_any_other_image_cannot_be_pulled(tmp_path: Path, image: str) -> None:
    home = Home(tmp_path)
    assert images(home, PROGRAMS, Made(home)).find(image) is None


def test_an_image_whose_model_cannot_be_made_cannot_be_pulled(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert images(home, PROGRAMS, Made(home, fails=True)).find(f"{ECR}/atelier-tiny:latest") is None
