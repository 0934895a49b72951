"""The embedded AWS: MiniStack in its own process, with the services, resource types and repairs that Atelier needs."""
