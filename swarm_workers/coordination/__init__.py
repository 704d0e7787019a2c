"""The shared state of a swarm, as transactional variables."""
