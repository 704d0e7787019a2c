"""A function whose greatest value is looked for, as a problem of the fleet."""
