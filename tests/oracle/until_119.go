//go:build !cilium120

package main

import (
	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"

	k8sutils "github.com/cilium/cilium/pkg/k8s/utils"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/spanstat"
	"github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

func setAllowLocalhost(to string) { option.Config.AllowLocalhost = to }

// pkg/policy/k8s/cilium_cidr_group.go:applyCIDRGroup
func labelsOfGroup(group *cidrGroup) labels.Labels {
	return labels.Map2Labels(k8sutils.RemoveCiliumLabels(group.Labels), labels.LabelSourceCIDRGroup)
}

func parseClusterwide(object, clusterOptions, *policyObject) (rules, error) { return nil, errNotTaken }

// pkg/endpoint/endpoint.go:SetK8sMetadata
func portsOf(pod *slim_corev1.Pod) types.NamedPortMap {
	ports := types.NamedPortMap{}
	if pod == nil {
		return ports
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name != "" {
				_ = ports.AddPort(port.Name, int(port.ContainerPort), string(port.Protocol))
			}
		}
	}
	return ports
}

func (o *owner) GetNamedPort(_ bool, name string, proto u8proto.U8proto) uint16 {
	port, _ := o.ports.GetNamedPort(name, proto)
	return port
}

// pkg/endpoint/policy.go:proxyID, and some port for each.
func proxyPort(redirects map[string]uint16, filter *policy.L4Filter, listener string, who *owner) {
	port := filter.Port
	if filter.PortName != "" {
		if port = who.GetNamedPort(filter.Ingress, filter.PortName, filter.U8Proto); port == 0 {
			return
		}
	}
	id := policy.ProxyID(uint16(who.GetID()), filter.Ingress, string(filter.Protocol), port, listener)
	redirects[id] = uint16(10000 + len(redirects))
}

type statistics struct{ waiting, calculation spanstat.SpanStat }

func (s *statistics) WaitingForPolicyRepository() *spanstat.SpanStat { return &s.waiting }
func (s *statistics) SelectorPolicyCalculation() *spanstat.SpanStat  { return &s.calculation }
func (s *statistics) PolicyCalculation() *spanstat.SpanStat          { return &s.calculation }
