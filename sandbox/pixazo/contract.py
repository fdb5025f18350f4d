"""The words that the reference allows: models, voices, languages, sizes."""

from __future__ import annotations

from enum import StrEnum

P_VIDEO = "p-video"
P_VIDEO_AVATAR = "p-video-avatar"
MODELS = (P_VIDEO, P_VIDEO_AVATAR)

# The reference answers "application/octet-stream" for p-video and "video/mp4" for the avatar.
MEDIA_TYPES = {P_VIDEO: "application/octet-stream", P_VIDEO_AVATAR: "video/mp4"}

RESOLUTIONS = ("720p", "1080p")
SHORT_SIDE = {"720p": 720, "1080p": 1080}
ASPECT_RATIOS = ("16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "1:1")
FRAME_RATES = (24, 48)
MIN_DURATION_SECONDS = 1
MAX_DURATION_SECONDS = 10
DEFAULT_DURATION_SECONDS = 5

_FEMALE = (
    "Zephyr Kore Leda Aoede Callirrhoe Autonoe Despina Erinome Laomedeia Achernar Gacrux "
    "Pulcherrima Vindemiatrix Sulafat"
)
_MALE = (
    "Puck Charon Fenrir Orus Enceladus Iapetus Umbriel Algenib Algieba Schedar Achird "
    "Zubenelgenubi Sadachbia Sadaltager Alnilam Rasalgethi"
)
VOICES = (
    *(f"{name} (Female)" for name in _FEMALE.split()),
    *(f"{name} (Male)" for name in _MALE.split()),
)
LANGUAGES = (
    "English (US)",
    "English (UK)",
    "Spanish",
    "French",
    "German",
    "Italian",
    "Portuguese (Brazil)",
    "Japanese",
    "Korean",
    "Hindi",
)
DEFAULT_LANGUAGE = "English (US)"

WEBHOOK_EVENTS = ("completed", "failed", "canceled")


class WebhookMode(StrEnum):
    """When `X-Webhook-URL` is called: once at the end, or on every poll cycle too."""

    TERMINAL = "terminal"
    SYNC = "sync"


class Status(StrEnum):
    """The reference's status values."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    ERROR = "ERROR"

    @property
    def is_terminal(self) -> bool:
        """Whether a job in this status changes no more."""
        return self in (Status.COMPLETED, Status.FAILED, Status.ERROR)


# Which event of `webhook_events_filter` a terminal status is; the gateway itself never cancels.
EVENT_OF = {Status.COMPLETED: "completed", Status.FAILED: "failed", Status.ERROR: "failed"}
