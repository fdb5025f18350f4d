"""What is on sale: the models, what they can be told, and their prices for one organization."""

import uuid
from typing import Any

from accounts.errors import DomainError
from billing import pricing
from generations import answers, parameter_schemas
from generations.examples import EXAMPLES
from generations.models import VideoModel
from generations.parameters import FEMALE_VOICES, LANGUAGES, MALE_VOICES

DESCRIPTIONS = {
    VideoModel.P_VIDEO: (
        "P Video",
        "Makes a video of 1 to 10 seconds from a text, from a picture as its first frame, and to "
        "a sound, whose length it then takes. Draft mode is quicker and cheaper.",
    ),
    VideoModel.P_VIDEO_AVATAR: (
        "P Video Avatar",
        "Makes the person of a picture speak: a script in one of 30 voices and 10 languages, or "
        "a sound of your own.",
    ),
}


class ModelMissing(DomainError):
    code = "not_found"


def models(organization_id: uuid.UUID) -> list[dict[str, Any]]:
    """Every model as the API shows it: one query."""
    prices = pricing.all_in_force(organization_id=organization_id)
    return [
        {
            "id": model.value,
            "name": DESCRIPTIONS[model][0],
            "description": DESCRIPTIONS[model][1],
            "parameters": parameter_schemas.input_schema(model),
            "prices": [answers.price(price) for price in prices if price.model == model],
            "voices": _VOICES if model == VideoModel.P_VIDEO_AVATAR else [],
            "languages": list(LANGUAGES) if model == VideoModel.P_VIDEO_AVATAR else [],
            "examples": EXAMPLES[model],
        }
        for model in VideoModel
    ]


def model(organization_id: uuid.UUID, name: str) -> dict[str, Any]:
    """Raises: ModelMissing."""
    found = next((one for one in models(organization_id) if one["id"] == name), None)
    if found is None:
        raise ModelMissing("There is no such model.")
    return found


_VOICES = [
    {"name": name, "gender": gender}
    for gender, names in (("female", FEMALE_VOICES), ("male", MALE_VOICES))
    for name in names
]
