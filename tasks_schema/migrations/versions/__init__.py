"""The migrations, one file a revision, in the order that their ids tell."""
