//go:build cilium120

package main

import (
	"math"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	policyv1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"

	"github.com/cilium/cilium/pkg/identity"
	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	"github.com/cilium/cilium/pkg/k8s"
	cilium_v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	k8stypes "github.com/cilium/cilium/pkg/k8s/types"
	k8sutils "github.com/cilium/cilium/pkg/k8s/utils"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	policyutils "github.com/cilium/cilium/pkg/policy/utils"
	"github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

const release = "1.20.2"

type cidrGroup = cilium_v2.CiliumCIDRGroup

func supported(*scenario) bool { return true }

func defaultLocalCluster() bool { return true }

func setAllowLocalhost(to string) { option.Config.UnsafeDaemonConfigOption.AllowLocalhost = to }

func metrics() policytypes.PolicyMetrics { return nil }

func addNodeLabels(lbls labels.Labels, _ bool, nodeLabels map[string]string, clusterName string) {
	if option.Config.PerNodeLabelsEnabled() {
		lbls.MergeLabels(nodeSourceLabels(nodeLabels))
		lbls.MergeLabels(clusterLabel(clusterName))
	}
}

// pkg/policy/k8s/cilium_cidr_group.go:cidrsAndLabelsForCIDRGroup
func labelsOfGroup(group *cidrGroup) labels.Labels {
	lbls := labels.Labels{}
	for k, v := range k8sutils.RemoveCiliumLabels(group.Labels) {
		l := labels.NewLabel(k, v, labels.LabelSourceCIDRGroup)
		lbls[l.Key] = l
		encoded := labels.EncodedCIDRGroupLabel(l.Key, l.Value, l.Source)
		lbls[encoded.Key] = encoded
	}
	return lbls
}

func parseCilium(cnp *k8stypes.SlimCNP, c clusterOptions) (rules, error) {
	parsed, err := cnp.Parse(logger, localCluster(c))
	if err != nil {
		return nil, err
	}
	return policyutils.RulesToPolicyEntries(parsed), nil
}

func parseClusterwide(o object, c clusterOptions, p *policyObject) (rules, error) {
	p.resource = ipcachetypes.NewResourceID(ipcachetypes.ResourceKindKCNP, o.namespace, o.name)
	kcnp := &policyv1alpha2.ClusterNetworkPolicy{}
	if err := o.decode(kcnp); err != nil {
		return nil, err
	}
	return k8s.ParseClusterNetworkPolicy(logger, localCluster(c), kcnp)
}

func portsOf(pod *slim_corev1.Pod) types.NamedPortMap {
	if pod == nil {
		return nil
	}
	ports, _ := k8s.GetPodMetadata(logger, &slim_corev1.Namespace{}, pod)
	return ports
}

func (o *owner) GetIngressNamedPort(name string, proto u8proto.U8proto) uint16 {
	port, _ := o.ports.GetNamedPort(name, proto)
	return port
}
func (o *owner) PolicyDebug(string, ...any)                          {}
func (o *owner) PreviousMapStateSizes() (sizes policy.MapStateSizes) { return }

func (r *repository) selectorPolicy(id *identity.Identity) (policy.SelectorPolicy, error) {
	r.Repository.UpdateIdentities(identity.IdentityMap{id.ID: id.LabelArray}, nil)
	selected, _, err := r.ComputeSelectorPolicy(id)
	return selected, err
}

func distill(selected policy.SelectorPolicy, who *owner) *policy.EndpointPolicy {
	return selected.DistillPolicy(logger, who, map[string]uint16{policy.FallbackRedirectID: math.MaxUint16})
}
