"""Kubernetes objects as YAML text, as an API server would hand them out."""

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {{ name: shop, labels: {{ kubernetes.io/metadata.name: shop }} }}
---
apiVersion: v1
kind: Namespace
metadata: {{ name: ops, labels: {{ kubernetes.io/metadata.name: ops }} }}
---
apiVersion: v1
kind: Namespace
metadata: {{ name: edge, labels: {{ kubernetes.io/metadata.name: edge }} }}
---
apiVersion: v1
kind: Node
metadata: {{ name: n1, labels: {{ role: edge }} }}
spec: {{ podCIDR: "{pods}", podCIDRs: ["{pods}"] }}
status:
  addresses:
  - {{ type: InternalIP, address: "{node}" }}
  - {{ type: Hostname, address: n1 }}
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  namespace: {namespace}
  name: {name}
  uid: {uid}
  labels: {{ app: {app} }}
  ownerReferences: [ {{ apiVersion: apps/v1, kind: StatefulSet, name: {app}, uid: 00000000-0000-0000-0000-000000000000, controller: true }} ]
spec:
  nodeName: n1
  hostNetwork: {host_network}
  containers:
  - name: {app}
    image: registry.example/{app}:1
    ports: {ports}
status:
  phase: Running
  podIP: "{address}"
  podIPs: [ {{ ip: "{address}" }} ]
"""

# What each part of the node is for, as its owner would write it.
WEB_POLICY = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: shop, name: web }
spec:
  description: the shop is for everyone
  endpointSelector: { matchLabels: { app: web } }
  ingress:
  - fromEntities: [ world ]
    toPorts:
    - ports: [ { port: "443", protocol: TCP } ]
"""

DB_POLICY = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: shop, name: db }
spec:
  description: only the shop may talk to its database
  endpointSelector: { matchLabels: { app: db } }
  ingress:
  - fromEndpoints: [ { matchLabels: { app: web } } ]
    toPorts:
    - ports: [ { port: "5432", protocol: TCP } ]
"""

ADMIN_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: ops, name: admin }
spec:
  podSelector: { matchLabels: { app: admin } }
  policyTypes: [ Ingress ]
  ingress:
  - from: [ { ipBlock: { cidr: "2001:db8:100::/48" } } ]
    ports: [ { port: 8443, protocol: TCP } ]
"""

# Without enableDefaultDeny a policy for one port would shut all others of the node.
NODE_POLICY = """\
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: { name: edge-proxy }
spec:
  description: the proxy in the host's network is for everyone
  nodeSelector: { matchLabels: { role: edge } }
  enableDefaultDeny: { ingress: false }
  ingress:
  - fromEntities: [ world ]
    toPorts:
    - ports: [ { port: "8080", protocol: TCP } ]
"""
