# tokmark in a container: builds, and runs the main job by default.
#   docker build -t tokmark .
#   docker run --rm --gpus all tokmark              # an NVIDIA GPU, through the NVIDIA Container Toolkit
#   docker run --rm tokmark run --device cpu        # no GPU: the same image measures the CPU
# For an image without CUDA (much smaller): docker build --build-arg BASE=ubuntu:24.04 -t tokmark .
# A result file is kept by a mount: docker run --rm -v "$PWD:/out" tokmark run -o /out/result.json
ARG BASE=nvidia/cuda:12.9.1-devel-ubuntu24.04
FROM ${BASE}

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc git libc6-dev libcjson-dev make \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY . .
RUN make && make install && make clean

WORKDIR /
USER nobody
ENTRYPOINT ["tokmark"]
CMD ["run"]
