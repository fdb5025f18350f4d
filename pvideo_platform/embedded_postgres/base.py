"""Django's database engine for the embedded server: PostgreSQL's own, plus the start."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from pvideo_platform import embedded_postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """Starts the server lazily, so that commands that need no database start none."""

    def get_connection_params(self) -> dict[str, Any]:
        if not self.settings_dict["HOST"]:
            self.settings_dict["HOST"] = embedded_postgres.start(
                Path(self.settings_dict["DATA_DIR"])
            )
        return super().get_connection_params()
