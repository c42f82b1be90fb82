//go:build cilium119

package main

import (
	k8stypes "github.com/cilium/cilium/pkg/k8s/types"
	"github.com/cilium/cilium/pkg/policy"
	policyutils "github.com/cilium/cilium/pkg/policy/utils"
)

const release = "1.19.3"

func defaultLocalCluster() bool { return true }

func parseCilium(cnp *k8stypes.SlimCNP, c clusterOptions) (rules, error) {
	if cnp.RequiresDerivative() {
		return nil, errNotTaken
	}
	parsed, err := cnp.Parse(logger, localCluster(c))
	if err != nil {
		return nil, err
	}
	return policyutils.RulesToPolicyEntries(parsed), nil
}

func (o *owner) PreviousMapState() *policy.MapState { return nil }
