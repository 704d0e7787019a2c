"""The handles that bodies use: variable, counter, set, map, queue, stream."""
