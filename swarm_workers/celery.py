"""The door by which `celery -A swarm_workers` finds the app."""

from swarm_workers.celery_app import app

__all__ = ["app"]
