# One image for everything: the web server by default, a worker or a migration by command.
# docs/docker.md says how to build and run it, and what could not be tried out.

FROM python:3.13.9-slim-trixie AS build
ENV UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
WORKDIR /app
# The packages before the code: they are installed again only when the lock changes.
COPY pyproject.toml uv.lock .python-version ./
RUN uv sync --locked --no-default-groups
COPY . .
# Settings want a key to sign with; nothing is signed here, and this one is gone after the step.
RUN PVIDEO_MODE=production SECRET_KEY="$(/app/.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    /app/.venv/bin/python manage.py collectstatic --no-input

FROM python:3.13.9-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin pvideo \
    && install --directory --owner=pvideo --mode=0750 /data
WORKDIR /app
# Owned by root: what runs cannot change its own code.
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=pvideo_platform.settings \
    PVIDEO_MODE=production \
    PVIDEO_DATA_DIR=/data \
    WEB_BIND=0.0.0.0:8000
VOLUME /data
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': p.urlsplit(os.environ['PUBLIC_BASE_URL']).netloc}), timeout=4)"]
CMD ["gunicorn", "--config", "python:pvideo_platform.gunicorn_conf"]
