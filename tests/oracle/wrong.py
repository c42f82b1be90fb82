"""Things that are wrong, or merely odd, with an object of Cilium's."""


def spoil(s, spec):
    """Makes one thing wrong, or odd."""
    rng = s.rng
    rules = spec.get("ingress") or spec.get("ingressDeny") or spec.get("egress")
    rule = rng.choice(rules)
    target = rng.choice(("rule", "rule", "ports", "ports", "spec", "l7", "selector", "egress", "types"))
    if target == "rule":
        rule.update(rng.choice((
            {"fromEndpoints": [{}], "fromCIDR": ["2001:db8::/32"]}, {"fromEntities": ["nobody"]}, {"fromEntities": []},
            {"fromCIDR": ["2001:db8::/129"]}, {"fromCIDR": ["2001:db8::1"]}, {"fromCIDR": [""]},
            {"fromCIDRSet": [{}]}, {"fromCIDRSet": [{"cidr": "2001:db8::1"}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "cidrGroupRef": "g0"}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "except": ["2001:db9::/48"]}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "except": ["2001:db8::/32"]}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "except": ["2001:db8::/16"]}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "except": ["10.0.0.0/8"]}]},
            {"fromCIDRSet": [{"cidr": "2001:db8::/32", "except": ["2001:db8::1"]}]},
            {"fromCIDRSet": [{"cidrGroupRef": "G_0"}]}, {"fromCIDRSet": [{"cidrGroupRef": "g0", "except": ["x"]}]},
            {"fromCIDRSet": [{"cidrGroupSelector": {"matchLabels": {"a b": "x"}}}]},
            {"fromNodes": [{}]}, {"fromRequires": []}, {"fromRequires": [{"matchLabels": {"app": "web"}}]},
            {"icmps": [{"fields": [{"type": 128, "family": "IPv6"}]}], "toPorts": [{"ports": [{"port": "80"}]}]},
            {"icmps": [{"fields": [{"type": 8, "family": "v4"}]}]}, {"icmps": [{"fields": [{"family": "IPv6"}]}]},
            {"icmps": [{"fields": [{"type": 1}] * 41}]}, {"icmps": [{"fields": []}]}, {"icmps": [{}]},
            {"authentication": {"mode": "spiffe"}}, {"authentication": {}}, {"authentication": {"mode": ""}},
            {"fromGroups": []}, {"unknownField": 1})))
    elif target == "ports":
        rule.pop("icmps", None)
        rule["toPorts"] = rng.choice((
            [], [{}], [{"ports": []}], [{"ports": [{"port": ""}]}], [{"ports": [{}]}], [{"ports": [{"port": "65536"}]}],
            [{"ports": [{"port": "-1"}]}], [{"ports": [{"port": "80", "protocol": "ICMP"}]}],
            [{"ports": [{"port": "80", "protocol": "tcp"}]}], [{"ports": [{"port": "0", "protocol": "GRE"}]}],
            [{"ports": [{"port": "80", "protocol": "VRRP"}]}], [{"ports": [{"port": "80", "endPort": 70}]}],
            [{"ports": [{"port": "80", "endPort": 65536}]}], [{"ports": [{"port": "80", "endPort": -1}]}],
            [{"ports": [{"port": "80"}] * 41}], [{"ports": [{"port": "80"}] * 40}],
            [{"ports": [{"port": "a-name-that-is-too-long"}]}],
            [{"ports": [{"port": "a--b"}]}], [{"ports": [{"port": "http", "endPort": 90}]}],
            [{"ports": [{"port": " 80"}]}],
            [{"ports": [{"port": "0", "protocol": "ANY", "endPort": 100}]}], [{"ports": [{"port": "8_0"}]}],
            [{"ports": [{"port": "0x1f90", "protocol": "TCP"}]}], [{"ports": [{"port": "99999999999999999999"}]}]))
    elif target == "l7":
        rule.pop("icmps", None)
        tcp = [{"port": "80", "protocol": "TCP"}]
        rule["toPorts"] = [rng.choice((
            {"ports": [{"port": "80"}], "rules": {"http": [{}]}}, {"ports": [{"port": "0", "protocol": "TCP"}],
            "rules": {"http": [{}]}},
            {"ports": [{"port": "80", "protocol": "UDP"}], "rules": {"http": [{}]}}, {"rules": {"http": [{}]}},
            {"ports": tcp, "rules": {"http": [{}], "kafka": [{}]}}, {"ports": tcp, "rules": {"http": [{"path": "("}]}},
            {"ports": tcp, "rules": {"http": [{"headerMatches": [{"value": "x"}]}]}},
            {"ports": tcp, "rules": {"http": [{"headerMatches": [{"name": "x", "mismatch": "NO"}]}]}},
            {"ports": tcp, "rules": {"http": [{"host": "["}]}}, {"ports": tcp, "rules": {"http": [{"method": "*"}]}},
            {"ports": tcp, "rules": {"dns": [{"matchPattern": "*"}]}}, {"ports": tcp, "rules": {"l7": [{"a": "b"}]}},
            {"ports": tcp, "rules": {"l7proto": "x", "l7": [{"": "b"}]}}, {"ports": tcp, "rules": {"l7proto": "x",
            "http": [{}]}},
            {"ports": tcp, "rules": {"kafka": [{"role": "both"}]}}, {"ports": tcp,
            "rules": {"kafka": [{"apiKey": "nonsense"}]}},
            {"ports": tcp, "rules": {"kafka": [{"topic": "a b"}]}}, {"ports": tcp,
            "rules": {"kafka": [{"apiVersion": "x"}]}},
            {"ports": tcp, "rules": {"kafka": [{"role": "produce", "apiKey": "fetch"}]}},
            {"ports": tcp, "serverNames": [""]}, {"ports": tcp, "serverNames": ["a"], "rules": {"http": [{}]}},
            {"ports": tcp, "serverNames": ["**"]}, {"ports": tcp, "serverNames": ["a b"]}, {"ports": tcp,
            "serverNames": []},
            {"ports": [{"port": "80", "protocol": "UDP"}], "serverNames": ["a"]},
            {"ports": [{"port": "0", "protocol": "TCP"}], "serverNames": ["a"]},
            {"ports": [{"port": "80"}], "serverNames": ["a"]}, {"serverNames": ["a"]},
            {"ports": tcp, "listener": {"envoyConfig": {"name": "x"}, "name": "y"}}, {"ports": tcp,
            "rules": {"nonsense": [{}]}},
            {"ports": [{"port": "http", "protocol": "TCP"}], "rules": {"http": [{}]}}))]
    elif target == "spec":
        rng.choice((lambda: spec.pop("endpointSelector", None), lambda: spec.update(nodeSelector={}),
                    lambda: spec.update(ingress=[], ingressDeny=[], egress=[]),
                        lambda: spec.update(enableDefaultDeny={}),
                    lambda: spec.update(enableDefaultDeny={"ingress": True, "egress": False}),
                    lambda: spec.update(labels=[{"key": "x", "source": "y", "value": "z"}]),
                    lambda: spec.update(log={"value": rng.choice(("x", "\u00e9", "a\nb", "x" * 33, "x" * 32))}),
                    lambda: spec.update(description="text")))()
    elif target == "selector":
        spec[next((k for k in ("endpointSelector", "nodeSelector") if k in spec), "endpointSelector")] = rng.choice((
            {"matchLabels": {"": "x"}}, {"matchLabels": {"a": "b c"}}, {"matchLabels": {"a/b/c": "x"}},
            {"matchLabels": {":app": "web"}},
            {"matchLabels": {"-app": "web"}}, {"matchLabels": {"app": "x" * 64}}, {"matchLabels": {"x" * 64: "a"}},
            {"matchExpressions": [{"key": "app", "operator": "In"}]}, {"matchExpressions": [{"key": "app",
            "operator": "in", "values": ["x"]}]},
            {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["x"]}]},
            {"matchExpressions": [{"operator": "Exists"}]},
            {"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]},
            {"matchLabels": {"k8s:a:b": "x"}},
            {"matchLabels": {"k8s:": "x"}}, {"matchLabels": {"reserved:host": ""}}, {"matchExpressions": []},
            {"matchLabels": {}},
            {"matchLabels": {"io.kubernetes.pod.namespace": rng.choice(s.namespaces)}},
            {"matchExpressions": [{"key": "app", "operator": "In", "values": []}]},
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a b"]}]}, {"unknown": 1}))
    elif target == "egress":
        spec["egress"] = [rng.choice((
            {"toEndpoints": [{}], "toCIDR": ["2001:db8::/32"]}, {"toEntities": ["nobody"]},
            {"toFQDNs": [{"matchName": "a b"}]},
            {"toFQDNs": [{"matchName": "example.org"}], "toPorts": [{"ports": [{"port": "80"}]}]}, {"toFQDNs": [{}]},
            {"toFQDNs": [{"matchPattern": "*"}], "toCIDR": ["::/0"]},
            {"toServices": [{"k8sService": {"serviceName": "x", "namespace": "y"}}]},
            {"toServices": [{}], "toPorts": [{"ports": [{"port": "80"}]}]}, {"toNodes": [{}]}, {"toRequires": [{}]},
            {"toCIDRSet": [{"cidr": "2001:db8:bad::/48", "except": ["2001:db8:bad:1::/64"]}]}, {"toCIDR": ["nonsense"]},
            {"toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchPattern": "*"}]}}]},
            {"toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchName": "a!"}]}}]},
            {"toPorts": [{"rules": {"dns": [{}]}}]}, {"toPorts": [{"ports": [{"port": "80"}],
            "listener": {"name": "x"}}]},
            {"toGroups": [{"aws": {}}]}, {"authentication": {"mode": "required"}}, {}))]
        s.name_prefix("2001:db8:bad:1::/64")
    else:
        key, value = rng.choice((("toPorts", {}), ("fromCIDR", "::/0"), ("fromEntities", [1]), ("fromEndpoints",
            [None]),
                                 ("fromEntities", None), ("toPorts", None), ("toPorts", [{"ports": [{"port": 80}]}]),
                                 ("icmps", [{"fields": [{"type": 1.5}]}]), ("authentication", "required"),
                                 ("toPorts", [{"ports": [{"port": "80", "endPort": "90"}]}]), ("fromCIDRSet", [None]),
                                 ("toPorts", [None]), ("fromEndpoints", [[]]), ("fromEntities", ["WORLD"]),
                                 ("fromEndpoints", [{"matchLabels": {"app": 1}}]), ("fromEndpoints",
                                 [{"matchLabels": None}])))
        rule[key] = value
