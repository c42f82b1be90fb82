{{- define "sextant.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sextant.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sextant.labels" -}}
{{ include "sextant.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "sextant.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "sextant.onNode" -}}
{{- if eq .Values.profile "datapath" }}true{{ end -}}
{{- end -}}

{{- define "sextant.answersOutside" -}}
{{- if ne .Values.api.listen "loopback" }}true{{ end -}}
{{- end -}}

{{/* What the pod's address and port look like in api.listen; the kubelet puts the address in. */}}
{{- define "sextant.address" -}}
{{- if eq .Values.api.family "IPv6" }}[$(POD_IP)]{{ else }}$(POD_IP){{ end }}:{{ .Values.api.port }}
{{- end -}}

{{/* sextant.yaml: what the operator wrote, and over it what the manifests beside it fix. */}}
{{- define "sextant.config" -}}
{{- $fixed := dict
  "source" (dict "kubernetes" dict)
  "datapath" (dict "cgroup" "/host/cgroup")
  "api" (dict "listen" (list (printf "[::1]:%v" .Values.api.port))) -}}
{{- if .Values.api.public }}{{ $_ := set $fixed.api "public" true }}{{ end -}}
{{- mergeOverwrite (deepCopy .Values.config) $fixed | toYaml -}}
{{- end -}}

{{/* Values that are right one by one and wrong together. */}}
{{- define "sextant.check" -}}
{{- $monitored := or .Values.podMonitor.enabled .Values.serviceMonitor.enabled -}}
{{- if and $monitored (not (include "sextant.answersOutside" .)) -}}
{{- fail "podMonitor and serviceMonitor need api.listen: cluster or address: Prometheus cannot reach a loopback address" -}}
{{- end -}}
{{- if and .Values.api.public (ne .Values.api.listen "address") -}}
{{- fail (printf "api.public says that whoever asks is answered, and api.listen: %s that not everybody is" .Values.api.listen) -}}
{{- end -}}
{{- if and .Values.api.from (ne .Values.api.listen "cluster") -}}
{{- fail (printf "api.from says who is answered besides the cluster, and api.listen is %s" .Values.api.listen) -}}
{{- end -}}
{{- end -}}
