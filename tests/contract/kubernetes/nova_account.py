"""The account that the tests of Nova's jobs submit from; both sides know it."""

EKS_NAME = "nova-eks"
NAMESPACE = "kubeflow"
GROUP = "hp-jobs"
REGISTRY = "708977205387.dkr.ecr.us-east-1.amazonaws.com"
STS_HOST = "sts.us-east-1.amazonaws.com"
ROLE_ARN = "arn:aws:iam::111122223333:role/submit-training-job"
SESSION = "arn:aws:sts::111122223333:assumed-role/submit-training-job/function"
ACCESS_KEY_ID = "ASIAROLE"
SECRET = "signs"  # noqa: S105 - a made-up key of a cluster that lives for one test run
SESSION_TOKEN = "accompanies"  # noqa: S105 - as above
