package main

import (
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
)

// Cilium's options are global.
func setOptions(c clusterOptions) {
	option.Config.ClusterName = c.Name
	option.Config.EnableIPv6 = true
	option.Config.EnableIPv4 = c.Families == "dual"
	option.Config.EnableL7Proxy = true
	option.Config.EnableICMPRules = true
	option.Config.EnableSCTP = true
	option.Config.EnableNonDefaultDenyPolicies = true
	option.Config.EnableHostFirewall = c.HostFirewall
	option.Config.EnableNodeSelectorLabels = c.NodeSelectorLabels
	option.Config.PolicyCIDRMatchMode = nil
	if c.CIDRMatchMode != "" {
		option.Config.PolicyCIDRMatchMode = []string{c.CIDRMatchMode}
	}
	setAllowLocalhost(option.AllowLocalhostAlways) // what auto becomes with Kubernetes
	if c.AllowLocalhost == option.AllowLocalhostPolicy {
		setAllowLocalhost(option.AllowLocalhostPolicy)
	}
	mode := option.DefaultEnforcement
	if c.EnablePolicy != "" {
		mode = c.EnablePolicy
	}
	policy.SetPolicyEnabled(mode)
	api.InitEntities(c.Name)
}
