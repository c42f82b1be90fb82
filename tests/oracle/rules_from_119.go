//go:build cilium119 || cilium120

package main

import (
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"

	"github.com/cilium/cilium/pkg/k8s"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
)

// What a repository holds from 1.19 on.
type rules = policytypes.PolicyEntries

func initRegexes() error { return nil }

func parseKubernetes(knp *slim_networkingv1.NetworkPolicy, c clusterOptions) (rules, error) {
	return k8s.ParseNetworkPolicy(logger, localCluster(c), knp)
}
