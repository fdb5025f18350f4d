"""The shapes of what this layer's API takes and gives."""

from typing import Any

from accounts.shapes import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DAY,
    ID,
    MOMENT,
    NUMBER,
    TEXT,
    URL,
    Schema,
    array,
    choice,
    component,
    described,
    money,
    nullable,
    page_of,
    record,
)
from generations import parameter_schemas
from generations.gallery import STATES_OF
from generations.models import VideoModel
from generations.parameter_schemas import COMPONENT_NAMES
from generations.parameters import RESOLUTIONS
from generations.places import CONCURRENCY_LIMIT, PROVIDER_BUSY
from generations.upload_models import UploadKind

STATUS = component(
    "GenerationStatus",
    choice(
        *sorted(STATES_OF),
        description="`queued` and `processing` are open; the others are ends and never change, "
        "but that an `expired` one may still become `completed`, free of charge. "
        "`failed`: the model could not make it. `error`: something else went wrong, always free.",
    ),
)
MODEL = component("Model", choice(*VideoModel.values, description="A model's id."))
METADATA: Schema = {
    "type": "object",
    "additionalProperties": True,
    "description": "An object of your own, given back as it is; at most 16,384 bytes of JSON.",
    "examples": [{"order": "A-1001"}],
}

_INPUTS = {
    model: component(COMPONENT_NAMES[model], parameter_schemas.input_schema(model))
    for model in VideoModel
}
_REQUESTS = {
    model: component(
        COMPONENT_NAMES[model].replace("Input", "Request"),
        record(
            f"A request to `{model}`.",
            optional=("metadata",),
            model={"type": "string", "const": model.value, "description": "The model."},
            input=_INPUTS[model],
            metadata=nullable(METADATA),
        ),
    )
    for model in VideoModel
}
GENERATION_REQUEST = component(
    "GenerationRequest",
    {
        "oneOf": list(_REQUESTS.values()),
        "discriminator": {
            "propertyName": "model",
            "mapping": {model.value: ref["$ref"] for model, ref in _REQUESTS.items()},
        },
    },
)

COST = component(
    "Cost",
    record(
        "What a generation costs. Nothing above `held` is ever charged.",
        quoted=money("What it can cost at most."),
        held=money("What was set aside for it when it was accepted."),
        charged=money("What was charged: 0 while it is open."),
        refunded=money("What went back of what was held: 0 while it is open."),
        currency=CURRENCY,
    ),
)
OUTPUT = component(
    "Output",
    record(
        "The finished video. The links are signed and expire; ask again for fresh ones.",
        media_url=described(URL, "The video."),
        poster_url=described(nullable(URL), "A picture of it (JPEG); comes a moment later."),
        preview_url=described(nullable(URL), "Its first seconds, small and silent (MP4)."),
        media_type={"type": "string", "const": "video/mp4", "description": "Of the video."},
        duration=described(NUMBER, "Seconds.", minimum=0),
        width=described(COUNT, "Pixels."),
        height=described(COUNT, "Pixels."),
        has_audio=described(BOOLEAN, "Whether it has sound."),
        size=described(COUNT, "Bytes."),
    ),
)
GENERATION = component(
    "Generation",
    record(
        "A video that was asked for.",
        id=ID,
        model=MODEL,
        status=STATUS,
        queued_reason=nullable(
            choice(
                CONCURRENCY_LIMIT,
                PROVIDER_BUSY,
                description="Why it is still queued: all places of your organization at the model "
                "are taken, or the model was too busy and is asked again. Null when it is not, "
                "when nothing is in its way, and in the answer that accepts it.",
            )
        ),
        input={
            "type": "object",
            "additionalProperties": True,
            "description": "The input, complete with the defaults of what was left out.",
        },
        output=described(nullable(OUTPUT), "The video; null until it is completed."),
        error=described(nullable(TEXT), "Why it failed, for a person to read."),
        cost=COST,
        created_at=described(MOMENT, "When it was accepted."),
        completed_at=described(nullable(MOMENT), "When it ended, however it ended."),
        deadline_at=described(MOMENT, "When it expires, should it not have ended."),
        api_key=described(nullable(ID), "The API key that asked; null for the web."),
        metadata=METADATA,
    ),
)
GENERATION_PAGE = page_of("GenerationPage", GENERATION, "generations")

QUOTE = component(
    "Quote",
    record(
        "What a request can cost at most: `seconds` times `price_per_second`. Nothing is held.",
        model=MODEL,
        amount=money("What would be held."),
        seconds=described(COUNT, "Whole seconds to be billed."),
        price_per_second=money("The price in force for your organization."),
        currency=CURRENCY,
        estimated=described(
            BOOLEAN, "Whether `seconds` is an upper estimate; the finished video's length counts."
        ),
        basis=choice(
            "duration",
            "audio",
            "script",
            description="What the seconds were taken from: the asked `duration`, the measured "
            "length of the `audio`, or an estimate of how long the `voice_script` takes to speak.",
        ),
        audio_duration=described(
            nullable(NUMBER), "Measured seconds of the `audio`; null without one.", minimum=0
        ),
        resolution=choice(*RESOLUTIONS, description="Of the output."),
        draft=described(BOOLEAN, "Whether it is in draft mode."),
        own_price=described(BOOLEAN, "Whether this is a price of your organization's own."),
    ),
)

_PRICE_MEMBERS: dict[str, Any] = {
    "resolution": described(TEXT, "Of the output, such as `720p`."),
    "draft": described(BOOLEAN, "Draft mode: quicker and cheaper, of lower quality."),
    "price_per_second": money("For a second of output."),
    "currency": CURRENCY,
    "own_price": described(BOOLEAN, "Whether this is a price of your organization's own."),
    "effective_from": described(MOMENT, "Since when."),
}
MODEL_DETAILS = component(
    "ModelDetails",
    record(
        "A model: what it can be told, and what it costs your organization.",
        id=MODEL,
        name=described(TEXT, "What it is called."),
        description=described(TEXT, "What it does."),
        parameters={
            "type": "object",
            "additionalProperties": True,
            "description": "The JSON Schema (2020-12) of `input`.",
        },
        prices=array(
            component("ModelPrice", record("A price of a model.", **_PRICE_MEMBERS)),
            "In force now for your organization.",
        ),
        voices=array(
            component(
                "Voice",
                record(
                    "A voice.",
                    name=described(TEXT, "Give it as `voice`."),
                    gender=choice("female", "male", description="How it sounds."),
                ),
            ),
            "Values of `voice`.",
        ),
        languages=array(TEXT, "Values of `voice_language`."),
        examples=array(
            component(
                "ModelExample",
                record(
                    "An input that works.",
                    title=described(TEXT, "What it shows."),
                    input={
                        "type": "object",
                        "additionalProperties": True,
                        "description": "Give it as `input`.",
                    },
                ),
            ),
            "Inputs to begin with.",
        ),
    ),
)
MODEL_LIST = component(
    "ModelList", record("All models.", results=array(MODEL_DETAILS, "Every model."))
)

UPLOAD = component(
    "Upload",
    record(
        "A file of yours, to be used as an input by its `url`.",
        id=ID,
        kind=choice(*UploadKind.values, description="Which parameter takes it."),
        url=described(
            URL,
            "Use it as `image` or `audio`. Who has it can read the file until it expires; only "
            "your organization can use it as an input.",
        ),
        filename=described(TEXT, "As you called it; for display.", maxLength=200),
        content_type=described(TEXT, "What the file really is."),
        size=described(COUNT, "Bytes."),
        width=described(nullable(COUNT), "Pixels, of an image."),
        height=described(nullable(COUNT), "Pixels, of an image."),
        duration=described(nullable(NUMBER), "Seconds, of audio.", minimum=0),
        created_at=described(MOMENT, "When it was uploaded."),
        expires_at=described(MOMENT, "No new generation can use it from then on."),
    ),
)
UPLOAD_PAGE = page_of("UploadPage", UPLOAD, "uploads")
UPLOAD_REQUEST = component(
    "UploadRequest",
    record(
        "One file.",
        file={
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "format": "binary",
            "description": "A jpg, png or webp picture, or flac, mp3 or wav sound.",
        },
    ),
)

_SUMS: dict[str, Any] = {
    "generations": described(COUNT, "How many were accepted."),
    "completed": described(COUNT, "How many of them are completed."),
    "seconds": described(COUNT, "Seconds that were charged."),
    "quoted": money("What they could cost."),
    "held": money("What is still held for those that are open."),
    "charged": money("What was charged."),
    "refunded": money("What went back."),
}
_KEY = record("An API key.", id=ID, name=described(TEXT, "What uses it.", maxLength=100))
_MEMBER = record("A member.", email=described(TEXT, "E-mail address."))
_FROM: Any = {"from": described(DAY, "The first day.")}
USAGE = component(
    "Usage",
    record(
        "What was used. A generation counts on the day on which it was accepted.",
        **_FROM,
        to=described(DAY, "The last day, included."),
        tz=described(TEXT, "The time zone of the days."),
        group_by=array(choice("day", "model", "resolution", "api_key", "member"), "As asked."),
        currency=CURRENCY,
        results=array(
            component(
                "UsageRow",
                record(
                    "Sums of a group; it has the members that `group_by` names.",
                    optional=("day", "model", "resolution", "api_key", "member"),
                    day=described(DAY, "In the time zone `tz`."),
                    model=MODEL,
                    resolution=described(TEXT, "Of the output, such as `720p`."),
                    api_key=described(
                        nullable(component("UsageKey", _KEY)),
                        "The key that asked; null for the web.",
                    ),
                    member=described(
                        nullable(component("UsageMember", _MEMBER)),
                        "The member who asked at the web; null for keys.",
                    ),
                    **_SUMS,
                ),
            ),
            "Ordered by the groups.",
        ),
        total=component("UsageTotal", record("Sums of all.", **_SUMS)),
    ),
)
