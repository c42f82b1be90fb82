//go:build cilium117

package main

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"sync"
	"unsafe"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	"github.com/sirupsen/logrus"

	"github.com/cilium/cilium/pkg/envoy"
	"github.com/cilium/cilium/pkg/fqdn/re"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/cache"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/ipcache"
	"github.com/cilium/cilium/pkg/k8s"
	cilium_v2_alpha1 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2alpha1"
	k8stypes "github.com/cilium/cilium/pkg/k8s/types"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/logging"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
)

const release = "1.17.0"

type rules = api.Rules
type cidrGroup = cilium_v2_alpha1.CiliumCIDRGroup

func supported(s *scenario) bool {
	local := s.cluster.DefaultLocalCluster
	return (local == nil || !*local) && !s.has("ClusterNetworkPolicy")
}

func parseLabelFilter() error {
	logging.SetLogLevel(logrus.PanicLevel)
	return labelsfilter.ParseLabelPrefixCfg(nil, nil, "")
}

func initRegexes() error { return re.InitRegexCompileLRU(100) }

func podLabels(ns *slim_corev1.Namespace, pod *slim_corev1.Pod) map[string]string {
	_, lbls := k8s.GetPodMetadata(ns, pod)
	return lbls
}

func prefixKey(prefix netip.Prefix) netip.Prefix { return prefix }

func addNodeLabels(lbls labels.Labels, local bool, nodeLabels map[string]string, _ string) {
	if !local && option.Config.PerNodeLabelsEnabled() {
		lbls.MergeLabels(nodeSourceLabels(nodeLabels))
	}
}

// pkg/policy/cell/policy_importer.go:updatePrefixes
func policyUpdate(prefix netip.Prefix, p policyObject) ipcache.MU {
	return ipcache.MU{Prefix: prefix, Source: p.source, Resource: p.resource,
		Metadata: []ipcache.IPMetadata{labels.GetCIDRLabels(prefix)}}
}

func parseCilium(cnp *k8stypes.SlimCNP, _ clusterOptions) (rules, error) {
	if cnp.RequiresDerivative() {
		return nil, errNotTaken
	}
	return cnp.Parse()
}

func parseKubernetes(knp *slim_networkingv1.NetworkPolicy, _ clusterOptions) (rules, error) {
	return k8s.ParseNetworkPolicy(knp)
}

// HTTP rules may name secrets; here none does.
type noSecrets struct{}

func (noSecrets) GetSecretString(context.Context, *api.Secret, string) (string, error) {
	return "", errors.New("no secrets")
}
func (noSecrets) SecretsOnlyFromSecretsNamespace() bool { return false }
func (noSecrets) PolicySecretSyncEnabled() bool         { return false }
func (noSecrets) GetSecretSyncNamespace() string        { return "" }

func newRepository() *repository {
	identities := identitymanager.NewIDManager()
	repo := policy.NewPolicyRepository(identity.ListReservedIdentities(), nil,
		noSecrets{}, identities, api.NewPolicyMetricsNoop())
	repo.SetEnvoyRulesFunc(envoy.GetEnvoyHTTPRules)
	return &repository{repo, identities, map[subject]computed{}}
}

// The interfaces that the ipcache tells of new identities.
func (r *repository) UpdateIdentities(added, deleted identity.IdentityMap, done *sync.WaitGroup) bool {
	return r.GetSelectorCache().UpdateIdentities(added, deleted, done)
}
func (r *repository) TriggerPolicyUpdates(string) {}
func (r *repository) UpdatePolicyMaps(_ context.Context, done *sync.WaitGroup) *sync.WaitGroup {
	return done
}

func newIPCache(allocator cache.IdentityAllocator, r *repository) *ipcache.IPCache {
	return ipcache.NewIPCache(&ipcache.Configuration{Context: background, IdentityAllocator: allocator,
		PolicyHandler: r, PolicyUpdater: r, DatapathHandler: r})
}

func (r *repository) addIdentities(added identity.IdentityMap) {
	r.UpdateIdentities(added, nil, &sync.WaitGroup{})
}

func (o *owner) PolicyDebug(logrus.Fields, string) {}
func (o *owner) MapStateSize() int                 { return 0 }

func (r *repository) selectorPolicy(id *identity.Identity) (policy.SelectorPolicy, error) {
	r.identities.Add(id)
	selected, _, err := r.GetSelectorPolicy(id, 0, &statistics{})
	return selected, err
}

func distill(selected policy.SelectorPolicy, who *owner) *policy.EndpointPolicy {
	redirects := map[string]uint16{}
	for filter, one := range selected.RedirectFilters() {
		proxyPort(redirects, filter, one.GetListener(), who)
	}
	return selected.DistillPolicy(who, redirects)
}

// The map state has the look-up, and this release does not let it out of its package.
func lookUp(found *policy.EndpointPolicy, key policy.Key) string {
	field := reflect.ValueOf(found).Elem().FieldByName("policyMapState")
	state := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr()))
	results := state.MethodByName("Lookup").Call([]reflect.Value{reflect.ValueOf(key)})
	entry := results[0].Interface().(policy.MapStateEntry)
	switch {
	case !results[1].Bool() || entry.IsDeny():
		return "deny"
	case entry.AuthRequirement.AuthType() != policytypes.AuthTypeDisabled:
		return "auth"
	case entry.IsRedirectEntry():
		return "redirect"
	}
	return "allow"
}
