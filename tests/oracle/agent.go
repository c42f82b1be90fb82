package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/ipcache"
	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	ciliumio "github.com/cilium/cilium/pkg/k8s/apis/cilium.io"
	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy/api"
	"github.com/cilium/cilium/pkg/source"
	testidentity "github.com/cilium/cilium/pkg/testutils/identity"
	"github.com/cilium/cilium/pkg/u8proto"
)

// The agent of one node: its identities, its ipcache and its policy repository.
type agent struct {
	s         *scenario
	cluster   *cluster
	node      string
	allocator *testidentity.MockIdentityAllocator
	ipcache   *ipcache.IPCache
	repo      *repository
	pods      map[string]*identity.Identity
	policies  []policyObject // that the agent takes
	invalid   []string       // that it refuses, with Cilium's reason
}

func newAgent(s *scenario, c *cluster, node string) (*agent, error) {
	identity.AddReservedIdentity(identity.ReservedIdentityHost, labels.IDNameHost) // of an earlier agent: more labels
	a := &agent{s: s, cluster: c, node: node, allocator: testidentity.NewMockIdentityAllocator(nil),
		pods: map[string]*identity.Identity{}}
	a.repo = newRepository()
	a.ipcache = newIPCache(a.allocator, a.repo)
	for _, o := range s.objects {
		p, err := parsePolicy(o, s.cluster)
		switch {
		case err != nil:
			a.invalid = append(a.invalid, fmt.Sprintf("%s: %v", o, err))
		case p != nil:
			a.policies = append(a.policies, *p)
		}
	}
	if err := a.fillIPCache(); err != nil {
		return nil, err
	}
	if err := a.allocatePods(); err != nil {
		return nil, err
	}
	for _, p := range a.policies {
		a.repo.add(p)
	}
	return a, nil
}

func (a *agent) close() { _ = a.ipcache.Shutdown() }

// Identities of pods: the labels that reach them, as the label filter lets them through.
func (a *agent) allocatePods() error {
	added := identity.IdentityMap{}
	for name, pod := range a.cluster.pods {
		if pod.Spec.HostNetwork {
			continue
		}
		filtered, _ := labelsfilter.Filter(labels.Map2Labels(podLabels(a.cluster.namespace(pod.Namespace), pod),
			labels.LabelSourceK8s))
		id, _, err := a.allocator.AllocateIdentity(context.Background(), filtered, false, identity.InvalidIdentity)
		if err != nil {
			return fmt.Errorf("pod %s: %w", name, err)
		}
		a.pods[name] = id
		added[id.ID] = id.LabelArray
	}
	a.repo.addIdentities(added)
	return nil
}

// The host endpoint's own identity: pkg/endpoint/endpoint.go:InitWithNodeLabels.
func (a *agent) hostSubject() *identity.Identity {
	lbls := labels.NewFrom(labels.LabelHost)
	if node := a.cluster.nodes[a.node]; node != nil {
		filtered, _ := labelsfilter.Filter(labels.Map2Labels(node.Metadata.Labels, labels.LabelSourceK8s))
		lbls.MergeLabels(filtered)
	}
	return identity.NewIdentity(identity.ReservedIdentityHost, lbls)
}

// Everything that gives a prefix an identity, in one transaction: the world, nodes, the API server, CIDR groups, and
// the prefixes that policies name.
func (a *agent) fillIPCache() error {
	own := ipcachetypes.NewResourceID(ipcachetypes.ResourceKindDaemon, "", "reserved")
	overrideWorld := func(address netip.Addr) {
		world := labels.Labels{}
		world.AddWorldLabel(address)
		a.ipcache.OverrideIdentity(prefixKey(netip.PrefixFrom(address, 0)), world, source.Local, own)
	}
	if option.Config.EnableIPv6 {
		overrideWorld(netip.IPv6Unspecified())
	}
	if option.Config.EnableIPv4 {
		overrideWorld(netip.IPv4Unspecified())
	}
	var updates []ipcache.MU
	add := func(prefix netip.Prefix, src source.Source, resource ipcachetypes.ResourceID, lbls labels.Labels) {
		updates = append(updates, ipcache.MU{Prefix: prefixKey(prefix), Source: src, Resource: resource,
			Metadata: []ipcache.IPMetadata{lbls}})
	}
	for name, node := range a.cluster.nodes {
		a.addNode(name, node, own, add)
	}
	for _, address := range a.cluster.apiServers {
		add(netip.PrefixFrom(address, address.BitLen()), source.KubeAPIServer,
			ipcachetypes.NewResourceID(ipcachetypes.ResourceKindEndpoint, "default", "kubernetes"), labels.LabelKubeAPIServer)
	}
	for _, group := range a.cluster.groups {
		resource := ipcachetypes.NewResourceID(ipcachetypes.ResourceKindCIDRGroup, "", group.Name)
		for _, text := range group.Spec.ExternalCIDRs {
			if prefix, err := netip.ParsePrefix(string(text)); err == nil {
				lbls := labelsOfGroup(group)
				reference := api.LabelForCIDRGroupRef(group.Name)
				lbls[reference.Key] = reference
				lbls.AddWorldLabel(prefix.Addr())
				add(prefix, source.Generated, resource, lbls)
			}
		}
	}
	for _, p := range a.policies {
		for _, prefix := range p.prefixes {
			updates = append(updates, policyUpdate(prefix, p))
		}
	}
	revision := a.ipcache.UpsertMetadataBatch(updates...)
	return a.ipcache.WaitForRevision(context.Background(), revision)
}

// pkg/node/manager/manager.go:NodeUpdated and daemon/cmd/hostips-sync.go, as far as they concern identities.
func (a *agent) addNode(name string, node *nodeObject, own ipcachetypes.ResourceID,
	add func(netip.Prefix, source.Source, ipcachetypes.ResourceID, labels.Labels)) {
	resource := ipcachetypes.NewResourceID(ipcachetypes.ResourceKindNode, "", name)
	src := source.CustomResource
	lbls := labels.NewFrom(labels.LabelRemoteNode)
	if name == a.node {
		src = source.Local
		lbls = labels.NewFrom(labels.LabelHost)
	}
	addNodeLabels(lbls, name == a.node, node.Metadata.Labels, a.s.cluster.Name)
	byCIDR := option.Config.PolicyCIDRMatchesNodes()
	for _, address := range node.addresses() {
		prefix := netip.PrefixFrom(address, address.BitLen())
		enabled := address.Is4() && option.Config.EnableIPv4 || address.Is6() && option.Config.EnableIPv6
		if name == a.node && enabled {
			add(prefix, source.Local, own, labels.LabelHost)
			if byCIDR {
				lbls.MergeLabels(labels.GetCIDRLabels(prefix))
			}
		}
	}
	for _, address := range node.addresses() {
		prefix := netip.PrefixFrom(address, address.BitLen())
		one := labels.NewFrom(lbls)
		if byCIDR {
			one.MergeLabels(labels.GetCIDRLabels(prefix))
		}
		add(prefix, src, resource, one)
	}
}

// The node labels of a node's identity that every release adds to remote nodes.
func nodeSourceLabels(nodeLabels map[string]string) labels.Labels {
	filtered, _ := labelsfilter.FilterNodeLabels(labels.Map2Labels(nodeLabels, labels.LabelSourceNode))
	return filtered
}

func clusterLabel(name string) labels.Labels {
	return labels.Map2Labels(map[string]string{ciliumio.PolicyLabelCluster: name}, labels.LabelSourceK8s)
}

// The numeric identity that a packet from `address` has.
func (a *agent) identityOf(address netip.Addr) identity.NumericIdentity {
	for bits := address.BitLen(); bits >= 0; bits-- {
		prefix, _ := address.Prefix(bits)
		if id, ok := a.ipcache.LookupByPrefix(prefix.String()); ok {
			return id.ID
		}
	}
	return identity.IdentityUnknown
}

func (a *agent) peer(from end) (identity.NumericIdentity, error) {
	switch {
	case from.Entity != "":
		return identity.GetReservedID(from.Entity), nil
	case from.Node != "":
		return a.nodePeer(from.Node)
	case from.Pod != "":
		return a.podPeer(from.Pod)
	}
	address, err := netip.ParseAddr(from.Address)
	if err != nil {
		return 0, err
	}
	if pod, ok := a.cluster.podAt[address]; ok {
		return a.podPeer(pod)
	}
	return a.identityOf(address), nil
}

func (a *agent) podPeer(name string) (identity.NumericIdentity, error) {
	pod := a.cluster.pods[name]
	if pod == nil {
		return 0, fmt.Errorf("no pod %s", name)
	}
	if pod.Spec.HostNetwork {
		return a.nodePeer(pod.Spec.NodeName)
	}
	return a.pods[name].ID, nil
}

func (a *agent) nodePeer(name string) (identity.NumericIdentity, error) {
	node := a.cluster.nodes[name]
	if node == nil || len(node.addresses()) == 0 {
		return 0, fmt.Errorf("no node %s with an address", name)
	}
	return a.identityOf(node.addresses()[0]), nil
}

var protocols = map[string]u8proto.U8proto{"TCP": u8proto.TCP, "UDP": u8proto.UDP, "SCTP": u8proto.SCTP,
	"ICMP": u8proto.ICMP, "ICMPv6": u8proto.ICMPv6}

func (a *agent) verdict(c check) (string, error) {
	subject, ports, err := a.subject(c.To)
	if err != nil {
		return "", err
	}
	peer, err := a.peer(c.From)
	if err != nil {
		return "", err
	}
	return a.repo.verdict(subject, ports, peer, protocols[c.Protocol], c.Port), nil
}

func (a *agent) subject(to end) (*identity.Identity, *slim_corev1.Pod, error) {
	switch {
	case to.Entity != "":
		return identity.LookupReservedIdentity(identity.GetReservedID(to.Entity)), nil, nil
	case to.Node != "":
		return a.hostSubject(), nil, nil
	}
	pod := a.cluster.pods[to.Pod]
	if pod == nil {
		return nil, nil, fmt.Errorf("no pod %s", to.Pod)
	}
	if pod.Spec.HostNetwork {
		return a.hostSubject(), nil, nil
	}
	return a.pods[to.Pod], pod, nil
}
