"""From a checkpoint to a model that serves: create, deploy, prove, promote, roll back."""
