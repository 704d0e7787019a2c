"""Strategies that propose candidates."""
