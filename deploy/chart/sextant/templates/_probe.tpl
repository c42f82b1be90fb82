{{/* A probe: (list . NAME PATH PERIOD FAILURES). */}}
{{- define "sextant.probe" -}}
{{- $root := index . 0 -}}
{{ index . 1 }}:
  {{- if include "sextant.onNode" $root }}
  # The kubelet asks from the same network, so ::1 is enough, and there whatever addresses the node has.
  httpGet: { host: "::1", port: {{ $root.Values.api.port }}, path: {{ index . 2 }} }
  {{- else if include "sextant.answersOutside" $root }}
  httpGet: { port: {{ $root.Values.api.port }}, path: {{ index . 2 }} }
  {{- else }}
  # Nothing outside the pod is answered, the kubelet neither: the command line asks on the socket. It tells a daemon that
  # answers from one that does not; what is not seen yet, the findings say.
  exec: { command: [/usr/bin/sextant, status, --timeout=3s] }
  {{- end }}
  periodSeconds: {{ index . 3 }}
  failureThreshold: {{ index . 4 }}
  timeoutSeconds: 5
{{- end -}}
