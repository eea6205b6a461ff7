# SPDX-License-Identifier: Apache-2.0
# Two stages: compilers stay in the first. Run it with the rights that BPF needs, in the host's
# pid namespace:
#   docker run --rm --pid=host --cap-add BPF --cap-add PERFMON --cap-add SYS_PTRACE \
#          --cap-add DAC_READ_SEARCH --cap-add CHECKPOINT_RESTORE \
#          -v /sys/kernel/btf:/sys/kernel/btf:ro earshot doctor
FROM debian:12-slim AS build
WORKDIR /src
COPY tools/deps tools/deps
RUN tools/deps build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make -j"$(nproc)" && make install DESTDIR=/out PREFIX=/usr

FROM debian:12-slim
RUN apt-get update -q && apt-get install -qy --no-install-recommends \
	libbpf1 libelf1 libcapstone4 libcurl4 libprotobuf-c1 libxxhash0 zlib1g libbrotli1 \
	libzstd1 libnghttp2-14 liblzma5 libcyaml1 ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/ /
ENTRYPOINT ["/usr/bin/earshot"]
CMD ["doctor"]
