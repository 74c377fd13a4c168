# Two stages: packages and static files are made in the first, the second only runs them.
FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt
COPY . /srv/portal
WORKDIR /srv/portal
# Collected with development settings: no secret is needed to copy files.
RUN HUB_VAR=/tmp/var STATIC_ROOT=/srv/portal/static-collected \
    /opt/venv/bin/python manage.py collectstatic --no-input
# Compiled here, for a container cannot write it: without it every start compiles all modules.
RUN /opt/venv/bin/python -m compileall -q /srv/portal

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    HUB_PROFILE=production \
    HUB_VAR=/var/lib/portal \
    STATIC_ROOT=/srv/portal/static-collected \
    PROMETHEUS_MULTIPROC_DIR=/tmp/portal-metrics
RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home portal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/portal /srv/portal
WORKDIR /srv/portal
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["deploy/entrypoint"]
CMD ["web"]
