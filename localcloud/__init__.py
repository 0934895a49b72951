"""The embedded AWS: MiniStack with the services, resource types and repairs that Atelier needs."""
