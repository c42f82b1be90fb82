//go:build cilium118

package main

import (
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"

	"github.com/cilium/cilium/pkg/fqdn/re"
	"github.com/cilium/cilium/pkg/k8s"
	k8stypes "github.com/cilium/cilium/pkg/k8s/types"
	"github.com/cilium/cilium/pkg/policy/api"
)

const release = "1.18.6"

type rules = api.Rules

func initRegexes() error { return re.InitRegexCompileLRU(logger, 100) }

func defaultLocalCluster() bool { return false }

func parseCilium(cnp *k8stypes.SlimCNP, c clusterOptions) (rules, error) {
	if cnp.RequiresDerivative() {
		return nil, errNotTaken
	}
	return cnp.Parse(logger, localCluster(c))
}

func parseKubernetes(knp *slim_networkingv1.NetworkPolicy, c clusterOptions) (rules, error) {
	return k8s.ParseNetworkPolicy(logger, localCluster(c), knp)
}

func (o *owner) MapStateSize() int { return 0 }
