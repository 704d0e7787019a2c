"""Where code that nobody vouches for runs, and nowhere else."""
