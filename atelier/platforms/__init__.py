"""Platforms: requests that start jobs, and the status of jobs."""
