"""`atelier deployments`: what serves."""
