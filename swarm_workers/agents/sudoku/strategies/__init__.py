"""What can be concluded from a grid: one strategy a rule, each a pure function."""
