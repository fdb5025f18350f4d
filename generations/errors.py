"""What every look-up of a generation may raise; below all that looks one up."""

from accounts.errors import DomainError


class GenerationMissing(DomainError):
    """There is no such generation, or it is another organization's."""

    code = "not_found"
