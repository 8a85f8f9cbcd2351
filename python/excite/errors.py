"""What can go wrong with a task."""


class TaskError(RuntimeError):
    """A task could not be done: a model that cannot be run, data that do not fit it."""
