"""Agents that read sources, take facts from them and write the report; pure."""
