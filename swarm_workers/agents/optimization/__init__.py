"""The optimizer: which region to search next, and the code that searches it. Pure."""
