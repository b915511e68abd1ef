{{- define "nodewright.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains "nodewright" .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-nodewright" .Release.Name | replace "." "-" | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nodewright.namespace" -}}
{{- default .Release.Namespace .Values.namespace -}}
{{- end -}}

{{- /* The name of the executor. The ConfigMap of its memory must not be one of the chart's. */ -}}
{{- define "nodewright.executor" -}}
{{- $executor := required "executor is missing: the controller's name in fleet.yaml" .Values.executor -}}
{{- range list "policy" "verification" "self-update" "dashboard" -}}
{{- if eq (printf "nodewright-%s" $executor) (printf "%s-%s" (include "nodewright.name" $) .) -}}
{{- fail (printf "executor %s: the chart has a ConfigMap nodewright-%s of its own; choose another name for the executor or for the release" $executor $executor) -}}
{{- end -}}
{{- end -}}
{{- $executor -}}
{{- end -}}

{{- define "nodewright.image" -}}
{{- $repository := required "image.repository is missing: build the image from the Dockerfile and push it to your registry" .Values.image.repository -}}
{{- $image := printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- empty .Values.image.digest | ternary $image (printf "%s@%s" $image .Values.image.digest) -}}
{{- end -}}

{{- define "nodewright.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "nodewright.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "nodewright.reservedSecrets" -}}
{{- $names := list .Values.git.secretName .Values.signingKey.secretName .Values.webhook.secretName -}}
{{- range .Values.imagePullSecrets }}{{- $names = append $names .name -}}{{- end -}}
{{- join "," (compact $names | uniq) -}}
{{- end -}}

{{- define "nodewright.selector" -}}
app.kubernetes.io/name: nodewright
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "nodewright.labels" -}}
{{ include "nodewright.selector" . }}
app.kubernetes.io/component: controller
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* The namespaces that the controller is restricted to, with the default one; empty when it may work in all. */ -}}
{{- define "nodewright.namespaces" -}}
{{- if .Values.rbac.namespaces -}}
{{- prepend .Values.rbac.namespaces (include "nodewright.namespace" .) | uniq | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- /* Not empty when the ConfigMap of the self-update is needed. */ -}}
{{- define "nodewright.hasSelfUpdateFiles" -}}
{{- if and .Values.selfUpdate.enabled (or .Values.selfUpdate.publicKey .Values.selfUpdate.registry.ca) -}}yes{{- end -}}
{{- end -}}

{{- define "nodewright.registryAuthFiles" -}}
{{- $files := list -}}
{{- range .Values.imagePullSecrets }}{{- $files = append $files (printf "/registry/%s.json" .name) -}}{{- end -}}
{{- join "," $files -}}
{{- end -}}
