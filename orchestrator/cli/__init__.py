"""The swarm command."""
