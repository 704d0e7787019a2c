"""Sudoku as a problem: puzzles, the state that agents share, and what becomes of their steps."""
