"""Whether the workers work: a task that one of them runs leaves a file behind."""

from pathlib import Path

TASK = "pvideo_platform.demo.heartbeat.beat"


def file(data_dir: Path, token: str) -> Path:
    """Where the task of this start leaves its sign.

    Args:
        token: of this start, so that an old task in the queue is not taken for an answer.
    """
    return data_dir / "run" / f"heartbeat-{token}"


def beat(path: str) -> None:
    """The task. A start that is over has taken its folder along, or its token with it."""
    target = Path(path)
    if target.parent.is_dir():
        target.touch()
