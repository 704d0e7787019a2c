"""Connections to Redis on which commands travel in flights: all sent, then all answered."""
