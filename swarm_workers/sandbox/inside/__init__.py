"""What runs inside the wall, under the repository's own interpreter.

Rules of this folder: standard library only, syntax and library of Python 3.8, sibling modules by
relative import. Inside the wall the folder is bound read-only and its package is called
`swarm_inside`, so that a job that works on this very project finds its own `swarm_workers`, not
this one.
"""
