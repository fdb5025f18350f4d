"""Where the collected static files get their names from."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names with a hash of the contents, also where one ES module imports another.

    A module that is imported under its plain name and linked under its hashed one would run twice.
    """

    support_js_module_import_aggregation = True
