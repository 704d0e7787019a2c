"""Agents that fill in a Sudoku: the grid as a value, the strategies, and who tries which when."""
