"""The AWS services that MiniStack lacks, or has only as a stub."""
