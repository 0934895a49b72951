#!/bin/bash
# HyperPod's own chart, which CreateCluster looks for: mirrored into ECR on first use and installed from there, with
# what restricted groups add. CodeBuild runs this (ADR 0070).
#
# From the environment: CLUSTER (name) CLUSTER_ARN AWS_REGION COMMIT REPOSITORY IS_RESTRICTED, and IMAGE_REGISTRY where
# nodes pull copies of the images, else empty.
set -euo pipefail

readonly SOURCE=https://github.com/aws/sagemaker-hyperpod-cli.git
readonly CHART=hyperpod-helm-chart
readonly RELEASE=dependencies
readonly SYSTEM=kube-system

# fetch URL SHA256 FILE: a download that is what it was when it was pinned.
fetch() {
  curl --fail --silent --show-error --location --output "$3" "$1"
  echo "$2  $3" | sha256sum --check --quiet
}

tools() {
  local bin
  bin=$(mktemp --directory)
  fetch https://get.helm.sh/helm-v3.18.4-linux-amd64.tar.gz \
    f8180838c23d7c7d797b208861fecb591d9ce1690d8704ed1e4cb8e2add966c1 "$bin/helm.tar.gz"
  tar --extract --gzip --file "$bin/helm.tar.gz" --directory "$bin" --strip-components 1 linux-amd64/helm
  fetch https://dl.k8s.io/release/v1.32.0/bin/linux/amd64/kubectl \
    646d58f6d98ee670a71d9cdffbf6625aeea2849d567f214bc43a35f8ccb7bf70 "$bin/kubectl"
  fetch https://github.com/mikefarah/yq/releases/download/v4.44.1/yq_linux_amd64 \
    6dc2d0cd4e0caca5aeffd0d784a48263591080e4a0895abe69f3a76eb50d1ba3 "$bin/yq"
  chmod +x "$bin"/*
  export PATH=$bin:$PATH
}

# checkout FOLDER: the pinned commit. Git names a commit by a hash over its whole tree and checks every object
# that it fetches against it, so what is there is what was reviewed, or nothing is.
checkout() {
  git init --quiet "$1"
  git -C "$1" -c transfer.fsckObjects=true fetch --quiet --depth 1 "$SOURCE" "$COMMIT"
  git -C "$1" checkout --quiet --detach FETCH_HEAD
  [[ $(git -C "$1" rev-parse HEAD) == "$COMMIT" ]]
}

# mirror FOLDER VERSION: the chart and its own dependencies into ECR, whose tags cannot be written twice.
mirror() {
  local chart=$1/helm_chart/HyperPodHelmChart packages
  packages=$(mktemp --directory)
  helm dependency update "$chart"
  helm package "$chart" --version "$2" --destination "$packages"
  helm push "$packages/$CHART-$2.tgz" "oci://${REPOSITORY%/"$CHART"}"
}

dependencies() {
  local version=0.1.0-${COMMIT:0:12} folder
  folder=$(mktemp --directory)
  checkout "$folder"
  aws ecr get-login-password | helm registry login --username AWS --password-stdin "${REPOSITORY%%/*}"
  helm show chart "oci://$REPOSITORY" --version "$version" >/dev/null 2>&1 || mirror "$folder" "$version"
  local options=()
  if [[ -n $IMAGE_REGISTRY ]]; then
    # What comes from a bucket is not executable.
    chmod +x "$(dirname "$0")/own_images.sh"
    options=(--post-renderer "$(dirname "$0")/own_images.sh")
  fi
  # No --wait: nothing can run before there are nodes, and HyperPod makes none before this is installed.
  helm upgrade --install "$RELEASE" "oci://$REPOSITORY" --version "$version" --namespace "$SYSTEM" \
    --set "health-monitoring-agent.region=$AWS_REGION" "${options[@]}"
  if [[ $IS_RESTRICTED == true ]]; then
    restricted "$folder"
  fi
}

# restricted FOLDER: what AWS's script adds for restricted nodes, once; it asks a person before it installs. From the
# self-managed CoreDNS, which EKS puts into every new cluster, it makes the DaemonSet rig-coredns. Restricted nodes have
# no other name service, so its absence fails the build.
restricted() {
  if helm status rig-dependencies --namespace "$SYSTEM" >/dev/null 2>&1; then
    return
  fi
  (cd "$1/helm_chart" && bash ./install_rig_dependencies.sh <<<y)
  helm status rig-dependencies --namespace "$SYSTEM"
  kubectl get daemonset rig-coredns --namespace "$SYSTEM"
}

tools
aws eks update-kubeconfig --name "$CLUSTER" --alias "$CLUSTER_ARN"
dependencies
