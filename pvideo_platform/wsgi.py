"""The WSGI application that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pvideo_platform.settings")
application = get_wsgi_application()

from pvideo_platform import checks  # noqa: E402  # needs the settings, which are loaded now

checks.enforce()  # whatever server loads this: a wrong setting never gets as far as serving
