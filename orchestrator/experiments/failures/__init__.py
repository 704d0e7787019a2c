"""Five ways in which shared state fails: each provoked for real, with our remedy and without."""
