"""One node's worth of a cluster: the objects that the daemon is measured with.

Every local pod has a public address, and is selected by as many policies as its share is; each policy names a port, a
peer by labels, and a prefix that no other names. Pods of other nodes are replicas of Deployments with the labels that
charts give them, and with what an API server sends of a pod beside what Sextant keeps.
"""

NODE = "n1"
REPLICAS = 10
OTHER_NODES = 99
OTHER_NAMESPACES = 50
CREATED = "2026-01-01T00:00:00Z"


def node(name, address, prefix):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"podCIDRs": [prefix]},
            "status": {"addresses": [{"type": "InternalIP", "address": address}]}}


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}}


def local_pod(i):
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"app-{i}", "namespace": "bench", "uid": f"00000000-0000-4000-8000-{i:012d}",
                     "labels": {"app": f"app-{i}"}},
        "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "registry.example/app:1",
                                                   "ports": [{"name": "http", "containerPort": 8080}]}]},
        "status": {"phase": "Running", "podIPs": [{"ip": f"2001:db8:10::{i:x}"}]}}


def policy(i, pods):
    """Of the pods' 1 to `pods`."""
    subject, peer = i % pods + 1, (i + 1) % pods + 1
    return {
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": {"name": f"policy-{i}", "namespace": "bench"},
        "spec": {"endpointSelector": {"matchLabels": {"app": f"app-{subject}"}},
                 "ingress": [{"fromEndpoints": [{"matchLabels": {"app": f"app-{peer}"}}],
                              "toPorts": [{"ports": [{"port": "http", "protocol": "TCP"}]}]},
                             {"fromCIDR": [f"2001:db8:{i:x}::/48"],
                              "toPorts": [{"ports": [{"port": "8443", "protocol": "TCP"}]}]}]}}


def foreign_pod(i):
    number = i // REPLICAS
    app, template, team, host = f"app-{number}", f"{number * 7919:08x}", f"team-{number % OTHER_NAMESPACES}", i % OTHER_NODES + 2
    address = f"2001:db8:11:{host:x}::{i:x}"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": f"{app}-{template}-{i:05x}", "namespace": team, "uid": f"00000000-0000-4000-9000-{i:012d}",
            "labels": {"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app, "app.kubernetes.io/part-of": team,
                       "app.kubernetes.io/version": "1.2.3", "app.kubernetes.io/managed-by": "Helm",
                       "pod-template-hash": template},
            "annotations": {"prometheus.io/scrape": "true", "checksum/config": template * 8},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app}-{template}",
                                 "uid": f"00000000-0000-4000-a000-{number:012d}", "controller": True}]},
        "spec": {
            "nodeName": f"n{host}", "serviceAccountName": app,
            "containers": [{"name": "main", "image": f"registry.example/{app}:1.2.3",
                            "ports": [{"name": "http", "containerPort": 8080}],
                            "env": [{"name": f"SETTING_{n}", "value": f"value {n} of {app}"} for n in range(10)],
                            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
                            "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}},
                            "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}]}],
            "volumes": [{"name": "config", "configMap": {"name": f"{app}-config"}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}]},
        "status": {"phase": "Running", "hostIP": f"2001:db8:ffff::{host:x}", "podIP": address, "podIPs": [{"ip": address}],
                   "conditions": [{"type": kind, "status": "True", "lastTransitionTime": CREATED}
                                  for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")]}}


def of_cluster(pods, policies, foreign):
    """The local node with `pods` pods and their policies, and others with `foreign` pods among them."""
    hosts = range(2, OTHER_NODES + 2) if foreign else ()
    return [node(NODE, "2001:db8:ffff::1", "2001:db8:10::/64"), namespace("bench"),
            *(node(f"n{host}", f"2001:db8:ffff::{host:x}", f"2001:db8:11:{host:x}::/64") for host in hosts),
            *(namespace(f"team-{n}") for n in range(OTHER_NAMESPACES if foreign else 0)),
            *(local_pod(i + 1) for i in range(pods)), *(foreign_pod(i) for i in range(foreign)),
            *(policy(i + 1, pods) for i in range(policies))]
