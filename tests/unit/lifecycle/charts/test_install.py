"""The build's script, with commands that keep a record in place of Helm, Git and AWS."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.paths import ROOT

SCRIPT = ROOT / "lifecycle" / "charts" / "install.sh"
OWN_IMAGES = SCRIPT.with_name("own_images.sh")
COMMIT = "9f496a6364759553f73ff534434a057ef4bdc004"
REPOSITORY = "111111111111.dkr.ecr.us-east-1.amazonaws.com/atelier/hyperpod-helm-chart"
CHART = f"oci://{REPOSITORY} --version 0.1.0-{COMMIT[:12]}"

HELM = """
echo "helm $*" >>"$STATE/calls"
case "$1 $2" in
  "registry login") cat >/dev/null ;;
  "show chart") test -e "$STATE/mirrored" ;;
  "push "*) touch "$STATE/mirrored" ;;
  "status rig-dependencies") test -e "$STATE/restricted" ;;
esac
"""
COMMANDS = {
    # What is downloaded is not looked at: sha256sum is told so, and tar brings the Helm above.
    "curl": r"""
        tool='echo "${0##*/} $*" >>"$STATE/calls"; exit "${MISSING:-0}"'
        while (($# > 1)); do [[ $1 == --output ]] && printf '#!/bin/bash\n%s\n' "$tool" >"$2"; shift; done
        [[ $1 == https://* ]] || exit 3  # Not an address.
        echo "$1" >>"$STATE/fetched"
    """,
    "sha256sum": 'cat >/dev/null; exit "${BAD_HASH:-0}"',
    "tar": 'while (($#)); do [[ $1 == --directory ]] && cp "$STATE/bin/helm" "$2/helm"; shift; done',
    "helm": HELM,
    "git": """
        echo "git $*" >>"$STATE/calls"
        if [[ $1 == init ]]; then touch "${@: -1}/.git"; elif [[ ! -e $2/.git ]]; then exit 128; fi
        case "$*" in
          *rev-parse*) echo "${FETCHED:-$COMMIT}" ;;
          *checkout*)
            mkdir -p "$2/helm_chart"
            echo 'read -r answer; echo "restricted $answer" >>"$STATE/calls"; touch "$STATE/restricted"' \\
              >"$2/helm_chart/install_rig_dependencies.sh" ;;
        esac
    """,
    "aws": 'echo "aws $*" >>"$STATE/calls"; echo password',
}


@dataclass(frozen=True)
class Build:
    """A build's folder of commands and its record."""

    state: Path

    def run(self, **variables: str) -> list[str]:
        """What Helm and the others were called with. CalledProcessError when the build fails."""
        (self.state / "calls").write_text("")
        environ = {
            "PATH": f"{self.state / 'bin'}:{os.environ['PATH']}",
            "STATE": str(self.state),
            "AWS_REGION": "us-east-1",
            "CLUSTER": "eks",
            "CLUSTER_ARN": "eks-arn",
            "COMMIT": COMMIT,
            "REPOSITORY": REPOSITORY,
            "IS_RESTRICTED": "false",
            "IMAGE_REGISTRY": "",
            **variables,
        }
        subprocess.run(["/bin/bash", str(SCRIPT)], env=environ, check=True, capture_output=True)
        return self.calls()

    def calls(self) -> list[str]:
        return (self.state / "calls").read_text().splitlines()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "bin").mkdir()
    for name, body in COMMANDS.items():
        command = tmp_path / "bin" / name
        command.write_text(f"#!/bin/bash\n{body}\n")
        command.chmod(0o755)
    return Build(tmp_path)


def helm(calls: list[str], verb: str) -> list[str]:
    return [call for call in calls if call.startswith(f"helm {verb}")]


def test_the_chart_is_mirrored_once_and_installed_from_the_mirror(build: Build) -> None:
    first, second = build.run(), build.run()
    (push,) = helm(first, "push")
    assert push.endswith(f"hyperpod-helm-chart-0.1.0-{COMMIT[:12]}.tgz oci://{REPOSITORY.rpartition('/')[0]}")
    assert helm(second, "push") == []
    for calls in (first, second):
        (install,) = helm(calls, "upgrade")
        assert f"--install dependencies {CHART} --namespace kube-system" in install
        assert "health-monitoring-agent.region=us-east-1" in install


def test_no_pod_is_waited_for(build: Build) -> None:
    calls = build.run(IS_RESTRICTED="true")
    assert [call for call in calls if "--wait" in call or "--atomic" in call] == []


def test_another_commit_than_the_pinned_one_is_not_installed(build: Build) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        build.run(FETCHED="0" * 40)
    assert helm(build.calls(), "upgrade") == []


def test_a_tool_of_another_content_is_not_run(build: Build) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        build.run(BAD_HASH="1")
    assert build.calls() == []


def test_each_tool_comes_from_its_own_address(build: Build) -> None:
    build.run()
    hosts = [line.split("/")[2] for line in (build.state / "fetched").read_text().splitlines()]
    assert hosts == ["get.helm.sh", "dl.k8s.io", "github.com"]


def test_restricted_nodes_get_what_they_need_once_and_nobody_is_asked(build: Build) -> None:
    assert "restricted y" in build.run(IS_RESTRICTED="true")
    assert "restricted y" not in build.run(IS_RESTRICTED="true")


def test_restricted_nodes_have_a_name_service_or_the_build_fails(build: Build) -> None:
    (asked,) = (call for call in build.run(IS_RESTRICTED="true") if call.startswith("kubectl get"))
    assert asked == "kubectl get daemonset rig-coredns --namespace kube-system"
    (build.state / "restricted").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        build.run(IS_RESTRICTED="true", MISSING="1")


def test_standard_nodes_get_nothing_of_it(build: Build) -> None:
    assert [call for call in build.run() if "restricted" in call] == []


def test_the_cluster_is_found_by_its_name(build: Build) -> None:
    assert build.run()[0] == "aws eks update-kubeconfig --name eks --alias eks-arn"


def test_images_are_taken_from_a_registry_of_ours_where_one_is_named(build: Build) -> None:
    (plain,) = helm(build.run(), "upgrade")
    (own,) = helm(build.run(IMAGE_REGISTRY="registry"), "upgrade")
    assert "--post-renderer" not in plain
    assert own.endswith(f"--post-renderer {OWN_IMAGES}")


def test_exactly_the_images_from_outside_become_copies_named_alike() -> None:
    outside = json.loads((SCRIPT.parents[1] / "images.json").read_text())["images"]
    amazon = "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:v0.5.6"
    images = [*outside, *(image.removeprefix("docker.io/") for image in outside), amazon]
    done = subprocess.run(
        [str(OWN_IMAGES)],
        input="".join(f"image: {image}\n" for image in images),
        env={**os.environ, "IMAGE_REGISTRY": "registry"},
        text=True,
        capture_output=True,
        check=True,
    )
    copies = [f"image: registry/{image.partition('/')[2]}" for image in outside]
    assert done.stdout.splitlines() == [*copies, *copies, f"image: {amazon}"]
