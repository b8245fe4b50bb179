# The development container, for amd64 and arm64: all that `make` needs, as `make deps` installs it.
#
#   docker build -t tarn .
#   docker run --rm -it -v "$PWD:/tarn" tarn make run
#
# On arm64 the kernels, QEMU and GDB work; the host tests and the interleavings need x86-64, and are
# skipped.

FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make
COPY Makefile /opt/tarn/
COPY tools /opt/tarn/tools
RUN make -C /opt/tarn deps && rm -rf /opt/tarn /var/lib/apt/lists/*
WORKDIR /tarn
