"""What the experiments know of each task: its instances, what a run is told, how it is measured."""
