"""The engines that train a run: `local` in the run's own worker process, `ray` on a machine in a cluster."""
