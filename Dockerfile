# The gateway with its plugin antiabuse, on any image with Java 17 or newer, bash and util-linux.
# What goes into it is built before, by what tested it; the build of the image fetches nothing:
#   ./mvnw -B -pl src -am package -Dmaven.test.skip=true
#   docker build -t hkp-gateway .
# docs/image.md says how to run it.
ARG BASE_IMAGE=docker.io/library/eclipse-temurin:17-jre

FROM ${BASE_IMAGE} AS files
WORKDIR /files
COPY target/hkp-gateway.jar ./
RUN java -Djarmode=tools -jar hkp-gateway.jar extract --layers --destination layers
COPY plugins/antiabuse/target/dist layers/plugins/antiabuse
COPY config/image.yml layers/application/application.yml
# Whatever umask they were built with: the gateway refuses a plugin that others may change.
RUN chmod -R u=rwX,go=rX layers && mkdir -p empty/etc/hkp-gateway empty/var/lib/hockeypuck/plugins

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="hkp-gateway" \
      org.opencontainers.image.description="A reactive HTTP gateway with out-of-process plugins in front of OpenPGP keyservers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /opt/hkp-gateway
COPY --from=files /files/empty/ /
# What changes seldom comes first.
COPY --from=files /files/layers/dependencies/ ./
COPY --from=files /files/layers/snapshot-dependencies/ ./
COPY --from=files /files/layers/plugins/ plugins/
COPY --from=files /files/layers/application/ ./
# An archive of the classes that a start loads. It fits this Java and these files; where it does not,
# Java says so and starts without it.
RUN java -XX:ArchiveClassesAtExit=/opt/hkp-gateway/hkp-gateway.jsa -Xlog:cds=error -Dspring.context.exit=onRefresh \
      -jar /opt/hkp-gateway/hkp-gateway.jar \
    && chmod 644 hkp-gateway.jsa && rm -rf /tmp/*

# By number, so that Kubernetes sees that it is not root.
USER 65532:65532
EXPOSE 11371 11381
# Docker asks it; Kubernetes and images in OCI format do not know it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_SERVER_PORT:-11381} && printf 'GET /actuator/health/readiness HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"]
# No shell in between: signals reach Java. JAVA_TOOL_OPTIONS and JDK_JAVA_OPTIONS add options to these.
ENTRYPOINT ["java", "-XX:SharedArchiveFile=/opt/hkp-gateway/hkp-gateway.jsa", "-XX:+ExitOnOutOfMemoryError", "-Dspring.config.additional-location=optional:file:/etc/hkp-gateway/", "-jar", "/opt/hkp-gateway/hkp-gateway.jar"]
