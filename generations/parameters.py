"""The two models' parameters, and their validation in the reference's words.

One table serves the validator, the Studio's forms and the API's schema. Where the reference
shows a text (section "Model Validation Errors"), it is used to the letter; the others are alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.errors import FieldError as FieldError
from accounts.errors import InvalidParameters as InvalidParameters
from generations import fetching, upload_links
from generations.models import VideoModel
from generations.upload_models import UploadKind
from webhooks import targets

MAX_TEXT = 10_000
"""Characters of a prompt or script. The reference names no limit; a request needs one."""
MAX_UPLOAD_LINK = 500
MAX_SEED = 2**63 - 1
RESOLUTIONS = ("720p", "1080p")
ASPECT_RATIOS = ("16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "1:1")
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
_FEMALE = """Zephyr Kore Leda Aoede Callirrhoe Autonoe Despina Erinome Laomedeia Achernar Gacrux
    Pulcherrima Vindemiatrix Sulafat"""
_MALE = """Puck Charon Fenrir Orus Enceladus Iapetus Umbriel Algenib Algieba Schedar Achird
    Zubenelgenubi Sadachbia Sadaltager Alnilam Rasalgethi"""
FEMALE_VOICES = tuple(f"{name} (Female)" for name in _FEMALE.split())
MALE_VOICES = tuple(f"{name} (Male)" for name in _MALE.split())
WEBHOOK_EVENTS = ("completed", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the reference's table.

    `kind` is string, url, integer, boolean, choice or array; `default` None means "left out".
    """

    name: str
    kind: str
    group: str
    help: str
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    minimum: int = 0
    maximum: int = 0
    max_length: int = MAX_TEXT


_IMAGE_TYPES = "jpg, jpeg, png or webp"
_COMMON = (
    Parameter("resolution", "choice", "Output", "Output resolution.", False, "720p", RESOLUTIONS),
    Parameter(
        "seed",
        "integer",
        "Advanced",
        "The same seed and settings give the same video. Empty for a random one.",
        maximum=MAX_SEED,
    ),
)
_HOOKS = (
    Parameter("webhook", "url", "Advanced", "Called with the final result."),
    Parameter(
        "webhook_events_filter",
        "array",
        "Advanced",
        "Which events call the webhook.",
        choices=WEBHOOK_EVENTS,
    ),
)
_SAFETY = Parameter(
    "disable_safety_filter",
    "boolean",
    "Advanced",
    "Skip the safety check of prompt and image.",
    default=True,
)

PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    VideoModel.P_VIDEO: (
        Parameter("prompt", "string", "Prompt", "What the video shows.", required=True),
        Parameter("image", "url", "Inputs", f"First frame, by URL ({_IMAGE_TYPES})."),
        Parameter("audio", "url", "Inputs", "Sound to follow, by URL (flac, mp3 or wav)."),
        Parameter(
            "duration",
            "integer",
            "Output",
            "Seconds, 1 to 10. With audio, its length counts.",
            default=5,
            minimum=1,
            maximum=10,
        ),
        Parameter(
            "aspect_ratio",
            "choice",
            "Output",
            "With an image, its own shape counts.",
            default="16:9",
            choices=ASPECT_RATIOS,
        ),
        _COMMON[0],
        Parameter("fps", "choice", "Output", "Frames per second.", default=24, choices=(24, 48)),
        Parameter(
            "draft",
            "boolean",
            "Output",
            "A quicker, cheaper preview of lower quality.",
            default=False,
        ),
        Parameter(
            "prompt_upsampling",
            "boolean",
            "Advanced",
            "Let the model enrich the prompt.",
            default=True,
        ),
        Parameter("save_audio", "boolean", "Output", "Save the video with sound.", default=True),
        _COMMON[1],
        _SAFETY,
        *_HOOKS,
    ),
    VideoModel.P_VIDEO_AVATAR: (
        Parameter("image", "url", "Inputs", f"The person, by URL ({_IMAGE_TYPES}).", required=True),
        Parameter(
            "audio", "url", "Inputs", "Speech by URL (flac, mp3 or wav); goes before a script."
        ),
        Parameter("voice_script", "string", "Voice", "What the person says.", default=""),
        Parameter(
            "voice",
            "choice",
            "Voice",
            "Who speaks the script.",
            default="Zephyr (Female)",
            choices=FEMALE_VOICES + MALE_VOICES,
        ),
        Parameter(
            "voice_language",
            "choice",
            "Voice",
            "The script's language.",
            default="English (US)",
            choices=LANGUAGES,
        ),
        Parameter(
            "voice_prompt",
            "string",
            "Voice",
            "Style, tone, pacing and emotion of the voice.",
            default="Say the following.",
        ),
        Parameter(
            "video_prompt",
            "string",
            "Prompt",
            "What the video shows.",
            default="The person is talking.",
        ),
        *_COMMON,
        _SAFETY,
        Parameter(
            "disable_prompt_upsampling",
            "boolean",
            "Advanced",
            "Pass the prompt on as it is.",
            default=False,
        ),
        Parameter(
            "no_op", "boolean", "Advanced", "A health check: nothing is made.", default=False
        ),
        *_HOOKS,
    ),
}
SHOWN_ONLY_TO_PROGRAMS = frozenset({"webhook", "webhook_events_filter", "no_op"})


def validate(model: str, raw: Any) -> dict[str, Any]:
    """Check an input against the reference and complete it with the reference's defaults.

    Args:
        model: "p-video" or "p-video-avatar".
        raw: the decoded JSON `input`; types are strict (True is no integer, "5" neither).

    Returns:
        Every parameter that has a value. `null` counts as left out, like at the provider.

    Raises:
        InvalidParameters: with one FieldError for each field that is wrong.
    """
    table = PARAMETERS.get(model)
    if table is None:
        allowed = ", ".join(PARAMETERS)
        raise InvalidParameters(
            [FieldError("model", "unknown", f"model must be one of: {allowed}")]
        )
    if not isinstance(raw, Mapping):
        raise InvalidParameters([FieldError("input", "type", "input must be an object")])
    known = {parameter.name for parameter in table}
    errors = [
        FieldError(name, "unknown", f"{name} is not a parameter of {model}")
        for name in map(shown, raw)
        if name not in known
    ]
    clean: dict[str, Any] = {}
    for parameter in table:
        value = raw.get(parameter.name)
        if value is None:
            value = parameter.default
        if value is not None:
            problem = _CHECKS[parameter.kind](parameter, value)
        else:
            problem = _required(parameter) if parameter.required else ""
        if problem:
            message = _WORDS.get((parameter.name, problem), f"{parameter.name} {problem}")
            errors.append(FieldError(parameter.name, "invalid", message))
        elif value is not None:
            is_url = parameter.kind == "url"
            clean[parameter.name] = _as_passed_on(parameter, value) if is_url else value
    if not errors:
        errors = _check_together(model, clean)
    if errors:
        raise InvalidParameters(errors)
    return clean


_WORDS = {("webhook", "must be a valid URL"): "Invalid webhook URL"}
"""The reference's own text where it does not begin with the field's name."""


def shown(name: str) -> str:
    """A name of the caller's own, fit to be sent back."""
    return str(name)[:100].encode(errors="backslashreplace").decode()


def _required(parameter: Parameter) -> str:
    return f"is required and must be a string{' URL' if parameter.kind == 'url' else ''}"


def _check_together(model: str, clean: dict[str, Any]) -> list[FieldError]:
    """Without a sound there is nothing to say, and no length to price."""
    if model != VideoModel.P_VIDEO_AVATAR or clean.get("audio") or clean["voice_script"].strip():
        return []
    return [
        FieldError("voice_script", "required", "voice_script is required when audio is not given")
    ]


def is_text(value: str) -> bool:
    """Whether a string can be stored and sent: no NUL, no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def _string(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        return _required(parameter) if parameter.required else "must be a string"
    if parameter.required and not value.strip():
        return _required(parameter)
    if len(value) > parameter.max_length:
        return f"must be at most {parameter.max_length} characters"
    return "" if is_text(value) else "must be valid Unicode text without NUL"


def _url(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str) or (parameter.required and not value):
        return _required(parameter) if parameter.required else "must be a string URL"
    try:
        _as_passed_on(parameter, value)
    except ValueError:
        return "must be a valid URL"
    return ""


def _as_passed_on(parameter: Parameter, url: str) -> str:
    """The form in which a URL is judged is the form in which it is passed on.

    A link to an upload is ours wherever we are; `uploads.inputs` asks whose it is.

    Raises: ValueError.
    """
    if parameter.name in UploadKind and upload_links.is_ours(url) and url.isprintable():
        if len(url) > MAX_UPLOAD_LINK:
            raise ValueError("too long")
        return url
    return targets.check(url) if parameter.name == "webhook" else fetching.check_public_url(url)


def _integer(parameter: Parameter, value: Any) -> str:
    low, high = parameter.minimum, parameter.maximum
    if type(value) is int and low <= value <= high:
        return ""
    if parameter.name == "seed":
        too_large = type(value) is int and value > high
        return f"must be at most {high}" if too_large else "must be a non-negative integer"
    return f"must be an integer between {low} and {high}"


def _boolean(parameter: Parameter, value: Any) -> str:
    return "" if isinstance(value, bool) else "must be a boolean"


def _choice(parameter: Parameter, value: Any) -> str:
    # 24.0 == 24 and True == 1 in Python; neither was asked for.
    if any(type(value) is type(choice) and value == choice for choice in parameter.choices):
        return ""
    return f"must be one of: {', '.join(map(str, parameter.choices))}"


def _array(parameter: Parameter, value: Any) -> str:
    if isinstance(value, list) and all(item in parameter.choices for item in value):
        return ""
    return f"must be an array of: {', '.join(parameter.choices)}"


_CHECKS = {
    "string": _string,
    "url": _url,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "array": _array,
}
