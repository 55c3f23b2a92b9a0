{{- define "hkp-gateway.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* At most 50 characters: suffixes follow, and a name of a Service has 63. */}}
{{- define "hkp-gateway.fullname" -}}
{{- $name := include "hkp-gateway.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "hkp-gateway.selector" -}}
app.kubernetes.io/name: {{ include "hkp-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hkp-gateway.labels" -}}
{{ include "hkp-gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "hkp-gateway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "hkp-gateway.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "hkp-gateway.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "hkp-gateway.managementSecret" -}}
{{- .Values.management.existingSecret | default (include "hkp-gateway.fullname" .) }}
{{- end }}

{{- define "hkp-gateway.managementHasUser" -}}
{{- if .Values.management.existingSecret }}
{{- if .Values.management.existingSecretHasUser }}true{{ end }}
{{- else if .Values.management.user }}true{{ end }}
{{- end }}

{{- define "hkp-gateway.tlsSecret" -}}
{{- .Values.tls.existingSecret | default (printf "%s-tls" (include "hkp-gateway.fullname" .)) }}
{{- end }}

{{/* A duration as 250ms, 10s, 5m or 1h in seconds, rounded up. */}}
{{- define "hkp-gateway.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int }}
{{- $unit := regexFind "[a-z]+$" . }}
{{- if eq $unit "ms" }}{{ div (add $number 999) 1000 }}
{{- else if eq $unit "s" }}{{ $number }}
{{- else if eq $unit "m" }}{{ mul $number 60 }}
{{- else }}{{ mul $number 3600 }}
{{- end }}
{{- end }}

{{/* What a stop takes at most (docs/operator-guide.md, Stop), and 5 s. Sidecars end after the gateway. */}}
{{- define "hkp-gateway.grace" -}}
{{- $preStop := include "hkp-gateway.seconds" .Values.shutdown.preStop | int }}
{{- $drain := include "hkp-gateway.seconds" .Values.shutdown.drain | int }}
{{- add $preStop $drain 30 5 (ternary 10 0 (gt (len .Values.plugins.sidecars) 0)) }}
{{- end }}

{{- define "hkp-gateway.resources" -}}
{{- $total := printf "%dMi" (add .Values.memory.heapMiB .Values.memory.directMiB .Values.memory.pluginsMiB 250) }}
{{- $requests := merge (deepCopy .Values.resources.requests) (dict "memory" $total) }}
{{- $limits := merge (deepCopy .Values.resources.limits) (dict "memory" $total) }}
{{- toYaml (dict "requests" $requests "limits" $limits) }}
{{- end }}

{{/* A name as Spring Boot compares it: lower case, without hyphens; [name] is .name, and of lists the index is left out. */}}
{{- define "hkp-gateway.canonical" -}}
{{- regexReplaceAll "\\[[0-9]+\\]" . "" | replace "[" "." | replace "]" "" | trimPrefix "." | lower | replace "-" "" | replace "_" "" }}
{{- end }}

{{/* A line for each setting of a tree, wherever dots stand for levels: key as Spring Boot compares it, key, value as JSON. */}}
{{- define "hkp-gateway.settings" -}}
{{- $tree := . }}
{{- range $name, $value := $tree.values }}
{{- $key := printf "%s%s" $tree.key (include "hkp-gateway.canonical" $name) }}
{{- $written := printf "%s%s" $tree.written $name }}
{{- if kindIs "map" $value }}
{{- include "hkp-gateway.settings" (dict "key" (printf "%s." $key) "written" (printf "%s." $written) "values" $value) }}
{{- else }}
{{- printf "%s\t%s\t%s\n" $key $written (toJson $value) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What other manifests depend on, and what is secret, has values of its own. */}}
{{- define "hkp-gateway.checkConfig" -}}
{{- $instead := dict
  "server.port" "nothing: the container's port is always 11371 (service.port is that of the Service)"
  "server.address" "nothing: the pod's address is the only one"
  "management.server." "management.address; the container's port is always 11381"
  "hkp.shutdown." "shutdown.preStop and shutdown.drain"
  "hkp.upstream.urls" "upstream.urls"
  "hkp.plugins.directories" "plugins.directories"
  "hkp.plugins.runtimedirectory" "nothing: it is a volume of the pod"
  "hkp.management.token" "management.token or management.existingSecret"
  "hkp.management.user" "management.user or management.existingSecret"
  "hkp.management.password" "management.password or management.existingSecret"
  "hkp.management.allowedhosts" "management.allowedHosts"
  "hkp.cluster.redis." "redis"
  "hkp.tls.bundle" "tls" }}
{{- range $setting := include "hkp-gateway.settings" (dict "key" "" "written" "" "values" .Values.config) | splitList "\n" }}
{{- $key := splitList "\t" $setting | first }}
{{- range $refused, $values := $instead }}
{{- if hasPrefix $refused $key }}
{{- fail (printf "config: expected: no %s, which other manifests depend on or which is secret, got: it; set instead: %s" $key $values) }}
{{- end }}
{{- end }}
{{- if and (regexMatch "^hkp\\.plugins\\.remote\\.[^.]+\\.(host)?token$" $key) (not (regexMatch "\t\"\\$\\{[A-Za-z0-9_.-]+\\}\"$" $setting)) }}
{{- fail (printf "config: expected: no %s, which is secret, or ${VARIABLE} for it, got: something else; set instead: extraEnv, with that variable of a Secret" $key) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "hkp-gateway.check" -}}
{{- include "hkp-gateway.checkConfig" . }}
{{- if and .Values.upstream.embedded .Values.upstream.urls }}
{{- fail "upstream: expected: urls, or embedded: true, got: both" }}
{{- end }}
{{- if not (or .Values.upstream.embedded .Values.upstream.urls) }}
{{- fail "upstream.urls: expected: the keyservers behind the gateway, for example [http://hockeypuck:11371], got: none; to try it out without, set upstream.embedded=true" }}
{{- end }}
{{- if and .Values.upstream.embedded (or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1)) }}
{{- fail "upstream.embedded: expected: replicaCount: 1 and no autoscaling, because each replica would have keys of its own, got: more" }}
{{- end }}
{{- if and .Values.tls.enabled (not .Values.tls.existingSecret) (not (and .Values.tls.certificate .Values.tls.key)) }}
{{- fail "tls: expected: existingSecret, or certificate and key, got: neither" }}
{{- end }}
{{- if not (or .Values.management.token .Values.management.existingSecret) }}
{{- fail "management.token: expected: a token, for example of openssl rand -hex 32, or existingSecret, because the port is open to the cluster, got: neither" }}
{{- end }}
{{- if and (not .Values.management.existingSecret) (ne (empty .Values.management.user) (empty .Values.management.password)) }}
{{- fail "management: expected: user and password together, got: one of them" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.hosts: expected: at least one host, got: none" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail (printf "autoscaling: expected: minReplicas up to maxReplicas, got: %d and %d" (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- end }}
{{- $names := list }}
{{- range concat .Values.plugins.copied .Values.plugins.sidecars }}
{{- if has .name $names }}
{{- fail (printf "plugins: expected: a name of its own for each plugin, got: %s twice" .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}

{{/* What the chart makes of values, without config. */}}
{{- define "hkp-gateway.madeConfig" -}}
server:
  port: 11371
management:
  server:
    port: 11381
    address: {{ .Values.management.address | quote }}
hkp:
  upstream:
    urls: {{ toJson .Values.upstream.urls }}
  shutdown:
    pre-stop: {{ .Values.shutdown.preStop }}
    drain: {{ .Values.shutdown.drain }}
  cluster:
    redis:
      on-failure: {{ .Values.redis.onFailure }}
  {{- $name := include "hkp-gateway.fullname" . }}
  {{- $service := printf "%s-management" $name }}
  management:
    allowed-hosts: {{ toJson (concat (list
        $service
        (printf "%s.%s" $service .Release.Namespace)
        (printf "%s.%s.svc" $service .Release.Namespace)
        (printf "%s.%s.svc.cluster.local" $service .Release.Namespace)) .Values.management.allowedHosts) }}
  {{- if .Values.tls.enabled }}
  tls:
    bundle: public
  {{- end }}
  plugins:
    directories: {{ toJson .Values.plugins.directories }}
    # Below a volume that others may write: the directory itself must be the gateway's own.
    runtime-directory: /run/hkp-gateway/own
    {{- with .Values.plugins.sidecars }}
    remote:
      {{- range . }}
      {{ .name }}:
        address: unix:/run/hkp-sidecars/{{ .name }}/{{ .socket | default "plugin.sock" }}
      {{- end }}
    {{- end }}
{{- if .Values.tls.enabled }}
spring:
  ssl:
    bundle:
      pem:
        public:
          reload-on-update: true
          keystore:
            certificate: file:/etc/hkp-gateway-tls/tls.crt
            private-key: file:/etc/hkp-gateway-tls/tls.key
{{- end }}
{{- end }}

{{- define "hkp-gateway.config" -}}
{{- $made := include "hkp-gateway.madeConfig" . | fromYaml }}
{{- toYaml (mergeOverwrite $made (deepCopy .Values.config)) }}
{{- end }}

{{/* Of what a change needs a restart for: with plugins.onChange rescan, without what a rescan applies. */}}
{{- define "hkp-gateway.configChecksum" -}}
{{- $config := include "hkp-gateway.config" . | fromYaml }}
{{- $settings := include "hkp-gateway.settings" (dict "key" "" "written" "" "values" $config) }}
{{- if eq .Values.plugins.onChange "rescan" }}
{{- $settings = regexReplaceAll "(?m)^hkp\\.plugins\\.(settings|remote|directories|defaultgrants|transport|isolation)[.\t].*\n" $settings "" }}
{{- end }}
{{- $settings | sha256sum }}
{{- end }}
