//go:build !cilium117

package main

import (
	"net/netip"
	"sync"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"

	cmtypes "github.com/cilium/cilium/pkg/clustermesh/types"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/cache"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/ipcache"
	"github.com/cilium/cilium/pkg/k8s"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/logging"
	"github.com/cilium/cilium/pkg/policy"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
)

func parseLabelFilter() error {
	logging.DefaultSlogLogger = logger // selectors that do not parse are told there
	return labelsfilter.ParseLabelPrefixCfg(logger, nil, nil, "")
}

func podLabels(ns *slim_corev1.Namespace, pod *slim_corev1.Pod) map[string]string {
	_, lbls := k8s.GetPodMetadata(logger, ns, pod)
	return lbls
}

func prefixKey(prefix netip.Prefix) cmtypes.PrefixCluster {
	return cmtypes.NewLocalPrefixCluster(prefix)
}

// pkg/policy/cell/policy_importer.go:updatePrefixes
func policyUpdate(prefix netip.Prefix, p policyObject) ipcache.MU {
	return ipcache.MU{Prefix: prefixKey(prefix), Source: p.source, Resource: p.resource,
		Metadata: []ipcache.IPMetadata{labels.GetCIDRLabels(prefix)}, IsCIDR: true}
}

func localCluster(c clusterOptions) string {
	if c.DefaultLocalCluster == nil && defaultLocalCluster() || c.DefaultLocalCluster != nil && *c.DefaultLocalCluster {
		return c.Name
	}
	return cmtypes.PolicyAnyCluster
}

func newRepository() *repository {
	identities := identitymanager.NewIDManager(logger)
	return &repository{
		policy.NewPolicyRepository(logger, identity.ListReservedIdentities(), nil,
			envoypolicy.NewEnvoyL7RulesTranslator(logger, nil), identities, metrics()),
		identities,
		map[subject]computed{},
	}
}

// The interface that the ipcache tells of new identities.
func (r *repository) UpdateIdentities(added, deleted identity.IdentityMap) <-chan struct{} {
	r.GetSelectorCache().UpdateIdentities(added, deleted, &sync.WaitGroup{})
	done := make(chan struct{})
	close(done)
	return done
}

func newIPCache(allocator cache.IdentityAllocator, r *repository) *ipcache.IPCache {
	return ipcache.NewIPCache(&ipcache.Configuration{Context: background, Logger: logger, IdentityAllocator: allocator,
		IdentityUpdater: r})
}

func (r *repository) addIdentities(added identity.IdentityMap) { r.UpdateIdentities(added, nil) }

func lookUp(found *policy.EndpointPolicy, key policy.Key) string {
	entry, _, ok := found.Lookup(key)
	switch {
	case !ok || entry.IsDeny():
		return "deny"
	case entry.AuthRequirement.AuthType() != policytypes.AuthTypeDisabled:
		return "auth"
	case entry.IsRedirectEntry():
		return "redirect"
	}
	return "allow"
}
