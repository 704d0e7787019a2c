"""Repair by search: one small edit at a time, where the failing tests point. Needs no key."""
