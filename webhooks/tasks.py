"""Doors for the task queue: deliver what is due, and each minute what nobody else ends."""


def deliver() -> None: ...


def sweep() -> None: ...
