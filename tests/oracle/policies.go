package main

import (
	"errors"
	"fmt"
	"net/netip"

	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	cilium_v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	k8stypes "github.com/cilium/cilium/pkg/k8s/types"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/source"
)

// A policy object as the agent's watcher hands it on (pkg/policy/k8s, pkg/policy/cell/policy_importer.go).
type policyObject struct {
	rules    rules
	prefixes []netip.Prefix
	source   source.Source
	resource ipcachetypes.ResourceID
}

// The agent leaves the object alone: it is no policy, or the operator derives another one from it.
var errNotTaken = errors.New("not taken")

// nil: no policy. The error is why the agent refuses the object. Some objects make its parser panic; it would stop at
// each of them.
func parsePolicy(o object, c clusterOptions) (p *policyObject, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p, err = nil, fmt.Errorf("crash: %v", cause)
		}
	}()
	p = &policyObject{source: source.Kubernetes}
	if p.rules, err = parseRules(o, c, p); err != nil {
		if errors.Is(err, errNotTaken) {
			err = nil
		}
		return nil, err
	}
	p.prefixes = policy.GetCIDRPrefixes(p.rules)
	return p, nil
}

func parseRules(o object, c clusterOptions, p *policyObject) (rules, error) {
	switch o.kind {
	case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
		kind := ipcachetypes.ResourceKindCNP
		if o.namespace == "" {
			kind = ipcachetypes.ResourceKindCCNP
		}
		p.source, p.resource = source.CustomResource, ipcachetypes.NewResourceID(kind, o.namespace, o.name)
		cnp := &k8stypes.SlimCNP{CiliumNetworkPolicy: &cilium_v2.CiliumNetworkPolicy{}}
		if err := o.decode(cnp.CiliumNetworkPolicy); err != nil {
			return nil, err
		}
		return parseCilium(cnp, c)
	case "NetworkPolicy":
		p.resource = ipcachetypes.NewResourceID(ipcachetypes.ResourceKindNetpol, o.namespace, o.name)
		knp := &slim_networkingv1.NetworkPolicy{}
		if err := o.decode(knp); err != nil {
			return nil, err
		}
		return parseKubernetes(knp, c)
	case "ClusterNetworkPolicy":
		return parseClusterwide(o, c, p)
	}
	return nil, errNotTaken
}
