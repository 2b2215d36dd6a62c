# One image for every role:  make keys && docker compose up
# Alone, embedded on SQLite: make keys && docker build -t footfall . &&
#                            docker run --env-file .env -p 127.0.0.1:3000:3000 \
#                                -v footfall:/data footfall

# The series every test runs on.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/footfall
COPY requirements/ requirements/
RUN pip --python /opt/footfall install --no-cache-dir --require-hashes -r requirements/runtime.txt
# The build back end stays in this stage; it is not among the runtime requirements, and without
# build isolation pip does not fetch one that nobody has hashed.
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY domain/ domain/
COPY log/ log/
COPY rows/ rows/
COPY ingest/ ingest/
COPY projector/ projector/
COPY read_api/ read_api/
COPY dashboard/ dashboard/
COPY migrations/ migrations/
COPY web/ web/
COPY importer/ importer/
COPY cli/ cli/
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
    && pip --python /opt/footfall install --no-cache-dir --no-deps wheels/*.whl

FROM python:3.11-slim
# A volume mounted on /data takes over this owner.
RUN useradd --system --user-group --home-dir /data --no-create-home footfall \
    && install --directory --mode=0700 --owner=footfall --group=footfall /data
COPY --from=build /opt/footfall /opt/footfall
# Inside a container loopback reaches nobody. Who may come in is decided by the ports published and
# by keys, without which no role starts here, unless OPEN=true says that everybody may.
ENV PATH=/opt/footfall/bin:$PATH HOST=0.0.0.0 DATA_DIR=/data PYTHONSAFEPATH=1
WORKDIR /data
USER footfall
EXPOSE 3000
ENTRYPOINT ["footfall"]
CMD ["up"]
