//go:build cilium118 || cilium119

package main

import (
	"github.com/cilium/cilium/pkg/identity"
	cilium_v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
)

type cidrGroup = cilium_v2.CiliumCIDRGroup

func supported(s *scenario) bool { return !s.has("ClusterNetworkPolicy") }

func metrics() policytypes.PolicyMetrics { return testpolicy.NewPolicyMetricsNoop() }

func addNodeLabels(lbls labels.Labels, local bool, nodeLabels map[string]string, clusterName string) {
	if local || !option.Config.PerNodeLabelsEnabled() {
		return
	}
	all := labels.Map2Labels(nodeLabels, labels.LabelSourceNode)
	all.MergeLabels(clusterLabel(clusterName))
	filtered, _ := labelsfilter.FilterNodeLabels(all)
	lbls.MergeLabels(filtered)
}

func (o *owner) PolicyDebug(string, ...any) {}

func (r *repository) selectorPolicy(id *identity.Identity) (policy.SelectorPolicy, error) {
	r.identities.Add(id)
	selected, _, err := r.GetSelectorPolicy(id, 0, &statistics{}, 1)
	return selected, err
}

func distill(selected policy.SelectorPolicy, who *owner) *policy.EndpointPolicy {
	redirects := map[string]uint16{}
	for filter, one := range selected.RedirectFilters() {
		proxyPort(redirects, filter, one.Policy.GetListener(), who)
	}
	return selected.DistillPolicy(logger, who, redirects)
}
