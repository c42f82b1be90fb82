"""What scenarios are about: one function a family, each fills a Scenario with policies."""

import parts
import wrong

CILIUM = "cilium.io/v2"


def some(rng, most=4):
    return range(rng.randint(1, most))


def options(s, host_firewall=0.2, modes=0.1):
    """Cilium's options, now and then not the defaults."""
    rng = s.rng
    if rng.random() < modes:
        s.cluster["enable-policy"] = rng.choice(("always", "never"))
    if rng.random() < host_firewall:
        s.cluster["enable-host-firewall"] = True
    if rng.random() < 0.2:
        s.cluster["policy-default-local-cluster"] = rng.random() < 0.5
    if rng.random() < 0.15:
        s.cluster["policy-cidr-match-mode"] = "nodes"
    if rng.random() < 0.2:
        s.cluster["enable-node-selector-labels"] = True
    if rng.random() < 0.1:
        s.cluster["allow-localhost"] = "policy"


def cilium_policy(s, make_rule, deny=0.25, clusterwide=0.3, spec_of=None):
    """A CiliumNetworkPolicy or a clusterwide one; make_rule(s, deny) makes one element of ingress or ingressDeny."""
    rng = s.rng
    ns = None if rng.random() < clusterwide else rng.choice(s.namespaces)
    spec = {}
    node = ns is None and s.cluster.get("enable-host-firewall") and rng.random() < 0.5
    if node:
        spec["nodeSelector"] = parts.node_selector(s)
    else:
        spec["endpointSelector"] = parts.subject(s, ns)
    for key, is_deny in (("ingress", False), ("ingressDeny", True)):
        if rng.random() < (deny if is_deny else 0.9):
            spec[key] = [make_rule(s, is_deny) for _ in some(rng, 3)]
    if "ingress" not in spec and "ingressDeny" not in spec:
        spec["egress"] = [{"toEntities": ["world"]}]
    if rng.random() < 0.12:
        spec["enableDefaultDeny"] = {"ingress": rng.random() < 0.4}
    if spec_of:
        spec_of(spec)
    return ns, spec


def add_cilium(s, ns, **body):
    s.add_policy(CILIUM, "CiliumNetworkPolicy" if ns else "CiliumClusterwideNetworkPolicy", ns, **body)


def plain_rule(s, deny):
    rule = parts.peers(s)
    if s.rng.random() < 0.6:
        rule |= parts.ports(s, deny)
    return rule


def cluster_network_policies(s):
    """ClusterNetworkPolicy: tiers, priorities that tie, pass, every kind of peer; and what lies beneath."""
    options(s, modes=0.05)
    for _ in some(s.rng, 5):
        s.add_policy("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", spec=parts.kcnp_spec(s))
    for _ in range(s.rng.randint(0, 3)):
        ns, spec = cilium_policy(s, plain_rule)
        add_cilium(s, ns, spec=spec)
    for _ in range(s.rng.randint(0, 2)):
        network_policy(s)


def network_policy(s):
    ns = s.rng.choice(s.namespaces)
    s.add_policy("networking.k8s.io/v1", "NetworkPolicy", ns, spec=parts.knp_spec(s, ns))


def cidr_groups(s):
    """CIDR groups by name and by labels, their prefixes overlapping each other and those of rules."""
    options(s)
    for number in some(s.rng, 4):
        parts.add_group(s, number)

    def rule(s, deny):
        made = parts.group_peers(s) if s.rng.random() < 0.75 else parts.cidr_peers(s)
        return made | (parts.ports(s, deny) if s.rng.random() < 0.3 else {})

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule, deny=0.4)
        add_cilium(s, ns, spec=spec)


def named_ports(s):
    """Ports by name: several containers and protocols under one name, names that are missing, odd spellings."""
    options(s)

    def rule(s, deny):
        return (parts.peers(s) if s.rng.random() < 0.6 else {}) | parts.named_ports(s)

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule)
        add_cilium(s, ns, spec=spec)
    for _ in range(s.rng.randint(0, 2)):
        network_policy(s)
    if s.rng.random() < 0.4:
        s.add_policy("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", spec=parts.kcnp_spec(s))


def authentication(s):
    """Authentication modes that meet on one port, from different peers and rules, with redirects and denials."""
    options(s)

    def rule(s, deny):
        made = parts.peers(s) if s.rng.random() < 0.8 else {}
        if s.rng.random() < 0.6:
            made |= parts.ports(s, deny, l7=0.2)
        if not deny and s.rng.random() < 0.6:
            made["authentication"] = {"mode": s.rng.choice(("required", "required", "disabled", "test-always-fail"))}
        return made

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule)
        add_cilium(s, ns, spec=spec)


def labels(s):
    """Service accounts, label sources, odd keys, what the label filter drops, the cluster's label."""
    options(s)
    parts.odd_pod_labels(s)

    def rule(s, deny):
        made = {"fromEndpoints": [parts.odd_selector(s) for _ in some(s.rng, 2)]}
        return made | (parts.ports(s, deny) if s.rng.random() < 0.3 else {})

    def odd_subject(spec):
        if "endpointSelector" in spec and s.rng.random() < 0.3:
            spec["endpointSelector"] = parts.odd_selector(s)

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule, spec_of=odd_subject)
        add_cilium(s, ns, spec=spec)


def nodes(s):
    """fromNodes, the host firewall, policy-cidr-match-mode, API servers, in every mode of enforcement."""
    options(s, host_firewall=0.6, modes=0.4)
    s.cluster["enable-node-selector-labels"] = s.rng.random() < 0.8
    if s.rng.random() < 0.4:
        s.cluster["policy-cidr-match-mode"] = "nodes"

    def rule(s, deny):
        draw = s.rng.random()
        made = parts.node_peers(s) if draw < 0.5 else parts.node_cidrs(s) if draw < 0.7 else parts.peers(s)
        return made | (parts.ports(s, deny) if s.rng.random() < 0.3 else {})

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule, deny=0.4, clusterwide=0.6)
        add_cilium(s, ns, spec=spec)


def many_specs(s):
    """Several rules in one object, spec and specs together, empty lists, subjects of Cilium's own."""
    options(s, modes=0.3)

    def rule(s, deny):
        made = plain_rule(s, deny)
        if s.rng.random() < 0.25:
            made[s.rng.choice(("fromEndpoints", "fromCIDR", "fromEntities", "toPorts", "icmps"))] = []
        return made

    for _ in some(s.rng, 3):
        ns, spec = cilium_policy(s, rule)
        body = {"specs": [cilium_policy(s, rule, clusterwide=0 if ns else 1)[1] for _ in some(s.rng, 3)]}
        if s.rng.random() < 0.5:
            body["spec"] = spec
        for one in body["specs"]:
            if "endpointSelector" in one and s.rng.random() < 0.2:
                own = s.rng.choice(("init", "health", "ingress"))
                one["endpointSelector"] = {"matchLabels": {f"reserved:{own}": ""}}
        add_cilium(s, ns, **body)


def l7(s):
    """HTTP, Kafka, generic and TLS rules that meet on overlapping port ranges."""
    options(s)

    def rule(s, deny):
        return (parts.peers(s) if s.rng.random() < 0.6 else {}) | parts.ports(s, deny, l7=0.7)

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule)
        add_cilium(s, ns, spec=spec)


def icmps(s):
    """ICMP by number and by name, of both families, next to ports and to rules without either."""
    options(s)

    def rule(s, deny):
        draw = s.rng.random()
        made = parts.peers(s) if s.rng.random() < 0.6 else {}
        return made | (parts.icmps(s) if draw < 0.7 else parts.ports(s, deny) if draw < 0.8 else {})

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule)
        add_cilium(s, ns, spec=spec)


def odd_prefixes(s):
    """IPv4-mapped prefixes, host bits, the zero prefixes of either family, exceptions at and past the edges."""
    options(s)

    def rule(s, deny):
        made = parts.odd_cidr_peers(s)
        return made | (parts.ports(s, deny) if s.rng.random() < 0.2 else {})

    for _ in some(s.rng):
        ns, spec = cilium_policy(s, rule, deny=0.4)
        add_cilium(s, ns, spec=spec)
    if s.rng.random() < 0.4:
        network_policy(s)


def network_policies(s):
    """Kubernetes NetworkPolicy with odd ports, protocols, prefixes and selectors."""
    options(s)
    for _ in some(s.rng, 5):
        network_policy(s)
    if s.rng.random() < 0.3:
        ns, spec = cilium_policy(s, plain_rule)
        add_cilium(s, ns, spec=spec)


def invalid(s):
    """Objects with one thing wrong, or merely odd, beside sound ones."""
    options(s)
    for _ in some(s.rng, 3):
        ns, spec = cilium_policy(s, plain_rule)
        add_cilium(s, ns, spec=spec)
    for _ in some(s.rng, 3):
        ns, spec = cilium_policy(s, lambda s, deny: parts.peers(s) | parts.ports(s, deny, l7=0.3))
        wrong.spoil(s, spec)
        add_cilium(s, ns, **({"specs": [spec]} if s.rng.random() < 0.2 else {"spec": spec}))


def everything(s):
    """Any of the others' parts together."""
    options(s, modes=0.15)
    for number in range(s.rng.randint(0, 2)):
        parts.add_group(s, number)

    def rule(s, deny):
        draw = s.rng.random()
        made = (parts.group_peers(s) if s.groups and draw < 0.2 else parts.cidr_peers(s) if draw < 0.4
                else parts.peers(s) if draw < 0.85 else {})
        draw = s.rng.random()
        made |= (parts.ports(s, deny, l7=0.15) if draw < 0.4 else parts.named_ports(s) if draw < 0.5
                 else parts.icmps(s) if draw < 0.6 else {})
        if not deny and s.rng.random() < 0.08:
            made["authentication"] = {"mode": s.rng.choice(("required", "disabled"))}
        return made

    for _ in some(s.rng, 6):
        ns, spec = cilium_policy(s, rule)
        add_cilium(s, ns, spec=spec)
    for _ in range(s.rng.randint(0, 3)):
        network_policy(s)
    for _ in range(s.rng.randint(0, 2)):
        s.add_policy("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", spec=parts.kcnp_spec(s))


FAMILIES = {f.__name__.replace("_", "-"): f for f in (
    cluster_network_policies, cidr_groups, named_ports, authentication, labels, nodes, many_specs, l7, icmps,
    odd_prefixes, network_policies, invalid, everything)}
