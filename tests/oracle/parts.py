"""Random parts of policies; each remembers in the scenario the edges that it makes."""

from scenario import APPS, PORT_NAMES, PROTOCOLS, TEAMS, TIERS

PREFIXES = ("2001:db8:bad::/48", "2001:db8:bad::/64", "2001:db8:bad::1/128", "2001:db8::/32", "2000::/3", "2600::/12",
            "2600:1:2::/48", "fd00::/8", "2001:db8:10::/48")
PREFIXES_V4 = ("198.51.100.0/24", "198.51.100.7/32", "10.0.0.0/8", "203.0.113.128/25")
ENTITIES = ("world", "cluster", "host", "remote-node", "all", "kube-apiserver", "health", "ingress", "init",
            "unmanaged", "none", "world-ipv4", "world-ipv6", "cluster-mesh")
ICMP4 = ("Echo", "EchoRequest", "EchoReply", "TimeExceeded", "Photuris")
ICMP6 = ("EchoRequest", "EchoReply", "PacketTooBig", "NeighborSolicitation", "ExtendedEchoReply")


# ---- Selectors

def label_selector(s, extra=()):
    rng = s.rng
    selector = {}
    if rng.random() < 0.8:
        key, values = rng.choice((("app", APPS), ("tier", TIERS), *extra))
        selector["matchLabels"] = {key: rng.choice(values)}
    if rng.random() < 0.25:
        selector["matchExpressions"] = [expression(s, extra)]
    return selector


def expression(s, extra=()):
    key, values = s.rng.choice((("app", APPS), ("tier", TIERS), *extra))
    operator = s.rng.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    made = {"key": key, "operator": operator}
    if operator in ("In", "NotIn"):
        made["values"] = s.rng.sample(values, s.rng.randint(1, min(2, len(values))))
    return made


def subject(s, ns):
    """Most often one that selects some pod."""
    rng = s.rng
    pods = [pod for pod in s.pods if ns is None or pod[0].startswith(ns + "/")]
    if not pods or rng.random() < 0.15:
        return rng.choice(({}, label_selector(s)))
    name, labels, _ = rng.choice(pods)
    s.aims.add(name)
    key = rng.choice(sorted(labels))
    return {"matchLabels": {rng.choice(("", "", "k8s:", "any:")) + key: labels[key]}}


def node_selector(s):
    return s.rng.choice(({}, {"matchLabels": {"type": s.rng.choice(("edge", "core"))}},
                         {"matchLabels": {"kubernetes.io/hostname": s.rng.choice(s.nodes)}},
                         {"matchExpressions": [{"key": "type", "operator": s.rng.choice(("Exists", "DoesNotExist"))}]},
                         {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "Exists"}]}))


def endpoint_peer(s):
    rng = s.rng
    selector = label_selector(s)
    draw = rng.random()
    if draw < 0.3:
        selector.setdefault("matchLabels", {})["k8s:io.kubernetes.pod.namespace"] = rng.choice(s.namespaces)
    elif draw < 0.4:
        selector.setdefault("matchExpressions", []).append(
            {"key": "io.kubernetes.pod.namespace", "operator": rng.choice(("NotIn", "In")),
             "values": [rng.choice(s.namespaces)]})
    elif draw < 0.5:
        selector.setdefault("matchLabels", {})["io.cilium.k8s.namespace.labels.team"] = rng.choice(TEAMS)
    elif draw < 0.56:
        selector = {
            "matchLabels": {f"reserved:{rng.choice(('host', 'remote-node', 'world', 'health', 'ingress'))}": ""}
        }
    elif draw < 0.6:
        selector = {"matchExpressions": [{"key": f"reserved:{rng.choice(('host', 'world-ipv6', 'world'))}",
                                          "operator": "DoesNotExist"}]}
    return selector


def odd_pod_labels(s):
    rng = s.rng
    odd = ("reserved.host", "k8s.io/x", "cidr", "$reserved", "any", "topology.kubernetes.io/zone", "pod-template-hash",
           "io.kubernetes.foo", "annotation.x", "beta.kubernetes.io/os", "host", "world", "init",
           "statefulset.kubernetes.io/pod-name",
           "reserved.init", "reserved.world", "app.kubernetes.io/part-of", "io.cilium.k8s.policy.serviceaccount",
           "io.kubernetes.pod.namespace", "k8s-app", "example.org/Role", "etcd_node", "io.cilium.x")
    for one in s.objects:
        if one["kind"] == "Pod" and rng.random() < 0.6:
            for key in rng.sample(odd, rng.randint(1, 3)):
                one["metadata"].setdefault("labels", {})[key] = rng.choice(("", "x", "web"))
    s.odd_keys = odd


def odd_selector(s):
    rng = s.rng
    keys = (*s.odd_keys, "io.cilium.k8s.policy.serviceaccount", "io.cilium.k8s.policy.cluster", "app", "tier")
    prefix = rng.choice(("", "", "k8s:", "any:", "k8s.", "reserved:", "cilium:", "node:", "unspec:", "container:"))
    key = prefix + rng.choice(keys)
    values = ["", "x", "web", "default", "c1", "c2", *APPS[1:]]
    if rng.random() < 0.6:
        selector = {"matchLabels": {key: rng.choice(values)}}
        if rng.random() < 0.4:
            selector["matchLabels"]["app"] = rng.choice(APPS)
    else:
        operator = rng.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        selector = {"matchExpressions": [{"key": key, "operator": operator}]}
        if operator in ("In", "NotIn"):
            selector["matchExpressions"][0]["values"] = rng.sample(values, 2)
    if rng.random() < 0.2:
        selector.setdefault("matchLabels", {})["k8s:io.kubernetes.pod.namespace"] = rng.choice(s.namespaces)
    return selector


# ---- Peers

def prefix(s):
    pool = PREFIXES + (PREFIXES_V4 if s.dual or s.rng.random() < 0.2 else ())
    chosen = s.rng.choice(pool)
    s.name_prefix(chosen)
    return chosen


def peers(s):
    rng = s.rng
    draw = rng.random()
    if draw < 0.35:
        return {"fromEndpoints": [endpoint_peer(s) for _ in range(rng.randint(1, 2))]}
    if draw < 0.55:
        return cidr_peers(s)
    if draw < 0.9:
        return {"fromEntities": rng.sample(ENTITIES, rng.randint(1, 2))}
    if draw < 0.95:
        return {}
    return {"fromEndpoints": [{}]}


def cidr_peers(s):
    rng = s.rng
    if rng.random() < 0.4:
        return {"fromCIDR": [prefix(s) for _ in range(rng.randint(1, 2))]}
    return {"fromCIDRSet": [cidr_rule(s) for _ in range(rng.randint(1, 2))]}


def cidr_rule(s):
    rng = s.rng
    rule = {"cidr": prefix(s)}
    inside = {"2001:db8::/32": ("2001:db8:bad::/48", "2001:db8:bad::1/128"), "2000::/3": ("2001:db8::/32", "2600::/12"),
              "2001:db8:bad::/48": ("2001:db8:bad::/64",), "10.0.0.0/8": ("10.1.0.0/16",),
              "2600::/12": ("2600:1:2::/48",)}
    if rule["cidr"] in inside and rng.random() < 0.5:
        rule["except"] = [rng.choice(inside[rule["cidr"]])]
        s.name_prefix(rule["except"][0])
    return rule


def odd_cidr_peers(s):
    rng = s.rng
    pool = ["::/0", "0.0.0.0/0", "::ffff:0:0/96", "::ffff:198.51.100.0/120", "::ffff:c633:6407/128", "2001:db8::/0",
            "10.1.2.3/0", "2001:db8:bad::1/48", "198.51.100.7/24", "::/1", "8000::/1", "::/128", "0.0.0.0/1", "::/3",
            "0::/0", "0:0:0:0:0:0:0:0/0", "::ffff:0.0.0.0/96", "2001:DB8:BAD::/48", "2001:db8:1::/64",
            "2001:db8:1::1/128",
            "::ffff:198.51.100.0/97"]
    if rng.random() < 0.2:
        pool += ["2001:db8:bad::1", "198.51.100.7", "2001:db8::/032", "2001:db8::/+32", "::/129",
                 "198.51.100.0/33", "198.051.100.0/24", "", "1.2.3/24"]
    one = rng.choice(pool)
    s.name_prefix(one)
    if rng.random() < 0.5:
        return {"fromCIDR": [one] + ([prefix(s)] if rng.random() < 0.3 else [])}
    rule = {"cidr": one}
    if rng.random() < 0.6:
        rule["except"] = [rng.choice(pool + list(PREFIXES)) for _ in range(rng.randint(1, 2))]
        for text in rule["except"]:
            s.name_prefix(text)
    return {"fromCIDRSet": [rule]}


def add_group(s, number):
    rng = s.rng
    pool = PREFIXES + (PREFIXES_V4 if s.dual else ()) + ("2001:db8:1::/64", "2001:db8:1::2/128")
    prefixes = rng.sample(pool, rng.randint(1, 3))
    if rng.random() < 0.08:
        prefixes.append(rng.choice(("::/0", "0.0.0.0/0", "2001:db8:bad::1", "nonsense", "2001:db8:bad::9/64")))
    for text in prefixes:
        s.name_prefix(text)
    labels = {}
    if rng.random() < 0.8:
        labels["role"] = rng.choice(("office", "vpn"))
    if rng.random() < 0.4:
        labels["site"] = rng.choice(("a", "b"))
    if rng.random() < 0.1:
        labels["io.cilium.x"] = "y"
    s.groups.append(f"g{number}")
    s.add("cilium.io/v2", "CiliumCIDRGroup", f"g{number}", labels=labels, spec={"externalCIDRs": prefixes})


def group_peers(s):
    rng = s.rng
    return {"fromCIDRSet": [group_rule(s) for _ in range(rng.choice((1, 1, 2)))]}


def group_rule(s):
    rng = s.rng
    extra = {}
    if rng.random() < 0.25:
        extra["except"] = [prefix(s)]
    if rng.random() < 0.4:
        return {"cidrGroupRef": rng.choice([*s.groups, "missing"])} | extra
    pool = (("role", ("office", "vpn")), ("site", ("a", "b")))
    draw = rng.random()
    key, values = rng.choice(pool)
    if draw < 0.45:
        selector = {"matchLabels": {key: rng.choice(values)}}
    elif draw < 0.55:
        selector = {"matchLabels": {"role": rng.choice(pool[0][1]), "site": rng.choice(pool[1][1])}}
    elif draw < 0.95:
        operator = rng.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        selector = {"matchExpressions": [{"key": rng.choice(("", "", "cidrgroup:")) + key, "operator": operator}]}
        if operator in ("In", "NotIn"):
            selector["matchExpressions"][0]["values"] = rng.sample(values, rng.randint(1, 2))
    else:
        selector = {}
    return {"cidrGroupSelector": selector} | extra


def node_peers(s):
    rng = s.rng
    pool = ({}, {"matchLabels": {"type": rng.choice(("edge", "core"))}},
            {"matchLabels": {"kubernetes.io/hostname": rng.choice(s.nodes)}},
            {"matchLabels": {"node:type": "edge"}}, {"matchLabels": {"io.cilium.k8s.policy.cluster": "c1"}},
            {"matchLabels": {"k8s:type": "edge"}},
            {"matchExpressions": [{"key": "type", "operator": rng.choice(("Exists", "DoesNotExist"))}]},
            {"matchExpressions": [{"key": "type", "operator": rng.choice(("In", "NotIn")), "values": ["edge"]}]},
            {"matchLabels": {"topology.kubernetes.io/zone": "a"}},
            {"matchLabels": {"reserved:kube-apiserver": ""}}, {"matchLabels": {"reserved:host": ""}})
    return {"fromNodes": [rng.choice(pool) for _ in range(rng.randint(1, 2))]}


def node_cidrs(s):
    chosen = s.rng.choice(("2001:db8:1::/64", "2001:db8:1::1/128", "2001:db8:1::2/128", "2001:db8:1::2/127", "::/0",
        "::/1",
                           "192.0.2.0/24", "192.0.2.1/32", "2600:1::/64"))
    s.name_prefix(chosen)
    if s.rng.random() < 0.5:
        return {"fromCIDR": [chosen]}
    rule = {"cidr": chosen}
    if s.rng.random() < 0.4:
        rule["except"] = [s.rng.choice(("2001:db8:1::1/128", "2001:db8:1::2/128"))]
    return {"fromCIDRSet": [rule]}


# ---- Ports

def port(s):
    rng = s.rng
    protocol = rng.choice((*PROTOCOLS, "TCP", "ANY", None))
    first = rng.choice((0, 53, 80, 80, 443, 8080, 8080, 1024, 65535))
    made = {"port": str(first)} | ({"protocol": protocol} if protocol else {})
    last = None
    if rng.random() < 0.25:
        last = rng.choice((80, 90, 1023, 8080, 9000, 65535))
        made["endPort"] = last
    if rng.random() < 0.03:
        made["port"] = rng.choice(("0x50", "010", "00", "0b11", "1_0", "080"))
    s.name_port(protocol, first, last)
    return made


def ports(s, deny, l7=0.0):
    rules = []
    for _ in range(s.rng.choice((1, 1, 1, 2))):
        if not deny and s.rng.random() < l7:
            rules.append(l7_rule(s))
        else:
            rules.append({"ports": [port(s) for _ in range(s.rng.randint(1, 2))]})
    return {"toPorts": rules}


def l7_rule(s):
    rng = s.rng
    first = rng.choice((80, 80, 443, 8080))
    one = {"port": str(first), "protocol": "TCP"}
    last = None
    if rng.random() < 0.3:
        last = rng.choice((90, 443, 8080, 8090))
        one["endPort"] = last
    if rng.random() < 0.1:
        one["port"] = rng.choice(PORT_NAMES)
        one.pop("endPort", None)
    s.name_port("TCP", first, last)
    rule = {"ports": [one]}
    draw = rng.random()
    if draw < 0.5:
        rule["rules"] = {"http": [rng.choice(({}, {"method": "GET"}, {"path": "/public/.*"}))]}
    elif draw < 0.62:
        rule["rules"] = {"kafka": [rng.choice(({}, {"role": "produce", "topic": "t"}, {"apiKey": "fetch"}))]}
    elif draw < 0.74:
        rule["rules"] = {"l7proto": rng.choice(("test", "cassandra"))}
        if rng.random() < 0.6:
            rule["rules"]["l7"] = [{"action": "x"}]
    elif draw < 0.9:
        rule["serverNames"] = [rng.choice(("example.org", "*.example.org"))]
    elif draw < 0.95:
        rule["rules"] = {}
    else:
        rule["rules"] = {"http": []}
    return rule


def named_ports(s):
    rng = s.rng
    one = {"port": rng.choice((*PORT_NAMES, "HTTP", "missing", "domain"))}
    if rng.random() < 0.8:
        one["protocol"] = rng.choice((*PROTOCOLS, "TCP", "ANY"))
    if rng.random() < 0.15:
        one["endPort"] = rng.choice((90, 9000))
    made = [{"ports": [one] + ([port(s)] if rng.random() < 0.3 else [])}]
    return {"toPorts": made}


def icmps(s):
    rng = s.rng
    fields = []
    for _ in range(rng.randint(1, 2)):
        family = rng.choice(("IPv6", "IPv6", "IPv4", None))
        names = ICMP6 if family == "IPv6" else ICMP4
        kind = rng.choice((*names, 0, 1, 8, 128, 129, 255, "8", "128"))
        if rng.random() < 0.04:
            kind = rng.choice(("Nonsense", 256, -1, 65536, "08", "0", "", "echo", "256"))
        field = {"type": kind} | ({"family": family} if family else {})
        number = {"Echo": 8, "EchoRequest": 128 if family == "IPv6" else 8, "EchoReply": 129 if family == "IPv6" else 0,
                  "TimeExceeded": 11, "Photuris": 40, "PacketTooBig": 2, "NeighborSolicitation": 135,
                  "ExtendedEchoReply": 161}.get(kind, kind)
        if isinstance(number, int) and number >= 0:
            s.name_port("ICMPv6" if family == "IPv6" else "ICMP", number)
        fields.append(field)
    return {"icmps": [{"fields": fields}]}


# ---- Kubernetes' own kinds

def knp_spec(s, ns):
    rng = s.rng
    spec = {"podSelector": subject(s, ns)}
    for key in list(spec["podSelector"].get("matchLabels", {})):  # keys of this kind have no source
        plain = key.removeprefix("k8s:").removeprefix("any:")
        spec["podSelector"]["matchLabels"][plain] = spec["podSelector"]["matchLabels"].pop(key)
    draw = rng.random()
    if draw < 0.85:
        spec["ingress"] = [knp_rule(s) for _ in range(rng.randint(0, 3))]
    spec["policyTypes"] = ["Ingress"] if draw < 0.8 else rng.choice((["Egress"], ["Ingress", "Egress"], ["Ingress"]))
    if "Egress" in spec["policyTypes"] and rng.random() < 0.5:
        spec["egress"] = [{"to": [{"ipBlock": {"cidr": prefix(s)}}]}]
    return spec


def knp_rule(s):
    rng = s.rng
    rule = {}
    if rng.random() < 0.85:
        rule["from"] = [knp_peer(s) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.6:
        rule["ports"] = [knp_port(s) for _ in range(rng.randint(0, 2))]
    return rule


def knp_peer(s):
    rng = s.rng
    if rng.random() < 0.35:
        block = cidr_rule(s)
        if rng.random() < 0.2:
            block = {"cidr": rng.choice(("::/0", "0.0.0.0/0", "2001:db8:bad::1/48", "::ffff:198.51.100.0/120"))}
            s.name_prefix(block["cidr"])
            if rng.random() < 0.4:
                block["except"] = [rng.choice(("2001:db8::/32", "::/1", "10.0.0.0/8"))]
                s.name_prefix(block["except"][0])
        return {"ipBlock": block}
    peer = {}
    if rng.random() < 0.6:
        peer["podSelector"] = label_selector(s)
    if not peer or rng.random() < 0.5:
        peer["namespaceSelector"] = namespace_selector(s)
    return peer


def namespace_selector(s):
    rng = s.rng
    team = (("team", TEAMS), ("env", ("prod", "test")))
    return rng.choice(({}, {"matchLabels": {"team": rng.choice(TEAMS)}},
                       {"matchLabels": {"kubernetes.io/metadata.name": rng.choice(s.namespaces)}},
                       {"matchExpressions": [expression(s, team)]}))


def knp_port(s):
    rng = s.rng
    made = {}
    if rng.random() < 0.7:
        made["protocol"] = rng.choice((*PROTOCOLS, "TCP"))
    if rng.random() < 0.85:
        made["port"] = rng.choice((80, 443, 8080, 8080, 53, 0, 65535, "http", "dns", "missing", "HTTP"))
        if isinstance(made["port"], int):
            last = None
            if rng.random() < 0.3:
                last = made["endPort"] = rng.choice((90, 443, 9000, 65535))
            s.name_port(made.get("protocol", "TCP"), made["port"], last)
    if rng.random() < 0.04:
        made["port"] = rng.choice(("80", "0x50", "-", "99999", "", 70000, "a_b"))
    if rng.random() < 0.03:
        made["protocol"] = rng.choice(("ICMP", "tcp", "ANY", "", "GRE"))
    return made


def kcnp_spec(s):
    rng = s.rng
    spec = {"tier": rng.choice(("Admin", "Admin", "Baseline")), "priority": rng.choice((0, 1, 1, 10, 10, 1000)),
            "subject": kcnp_subject(s), "ingress": [kcnp_rule(s) for _ in range(rng.randint(0, 4))]}
    if rng.random() < 0.15:
        spec["egress"] = [{"action": "Deny", "to": [rng.choice((
            {"networks": [prefix(s)]}, {"nodes": {}}, {"namespaces": {}}, {"domainNames": ["example.org"]}))]}]
    return spec


def kcnp_subject(s):
    rng = s.rng
    name, labels, _ = rng.choice(s.pods)
    s.aims.add(name)
    draw = rng.random()
    if draw < 0.4:
        return {"namespaces": namespace_selector(s)}
    key = rng.choice(sorted(labels))
    return {"pods": {"namespaceSelector": {} if draw < 0.7 else namespace_selector(s),
                     "podSelector": {"matchLabels": {key: labels[key]}} if draw < 0.9 else {}}}


def kcnp_rule(s):
    rng = s.rng
    rule = {"action": rng.choice(("Accept", "Accept", "Deny", "Deny", "Pass"))}
    if rng.random() < 0.93:
        rule["from"] = [kcnp_peer(s) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.55:
        rule["protocols"] = [kcnp_protocol(s) for _ in range(rng.randint(1, 2))]
    return rule


def kcnp_peer(s):
    rng = s.rng
    draw = rng.random()
    if draw < 0.5:
        return {"namespaces": namespace_selector(s)}
    if draw < 0.95:
        pod = label_selector(s)
        if rng.random() < 0.1:
            pod.setdefault("matchLabels", {})["io.cilium.k8s.policy.cluster"] = rng.choice(("c1", "c2"))
        return {"pods": {"namespaceSelector": namespace_selector(s), "podSelector": pod}}
    return rng.choice(({}, {"networks": ["2001:db8::/32"]}, {"nodes": {}}))


def kcnp_protocol(s):
    rng = s.rng
    draw = rng.random()
    if draw < 0.15:
        return {"destinationNamedPort": rng.choice((*PORT_NAMES, "HTTP", "missing"))}
    protocol = rng.choice(("tcp", "tcp", "udp", "sctp"))
    if draw < 0.25:
        return {protocol: {}}
    first = rng.choice((80, 443, 8080, 8080, 53))
    if draw < 0.65:
        s.name_port(protocol.upper(), first)
        return {protocol: {"destinationPort": {"number": first}}}
    last = rng.choice((90, 1023, 9000, 65535, 80))
    s.name_port(protocol.upper(), first, last)
    return {protocol: {"destinationPort": {"range": {"start": first, "end": last}}}}
