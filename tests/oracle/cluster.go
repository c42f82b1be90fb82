package main

import (
	"fmt"
	"net/netip"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
)

// The objects of a scenario that are no policies.
type cluster struct {
	namespaces map[string]*slim_corev1.Namespace
	nodes      map[string]*nodeObject
	pods       map[string]*slim_corev1.Pod // "namespace/name"
	podAt      map[netip.Addr]string
	groups     []*cidrGroup
	apiServers []netip.Addr
}

func newCluster(s *scenario) (*cluster, error) {
	c := &cluster{namespaces: map[string]*slim_corev1.Namespace{}, nodes: map[string]*nodeObject{},
		pods: map[string]*slim_corev1.Pod{}, podAt: map[netip.Addr]string{}}
	for _, o := range s.objects {
		if err := c.add(o); err != nil {
			return nil, fmt.Errorf("%s %s/%s: %w", o.kind, o.namespace, o.name, err)
		}
	}
	return c, nil
}

func (c *cluster) add(o object) error {
	switch o.kind {
	case "Namespace":
		c.namespaces[o.name] = &slim_corev1.Namespace{}
		return o.decode(c.namespaces[o.name])
	case "Node":
		c.nodes[o.name] = &nodeObject{}
		return o.decode(c.nodes[o.name])
	case "CiliumCIDRGroup":
		c.groups = append(c.groups, &cidrGroup{})
		return o.decode(c.groups[len(c.groups)-1])
	case "Pod":
		return c.addPod(o)
	case "EndpointSlice":
		return c.addAPIServers(o)
	}
	return nil
}

func (c *cluster) addPod(o object) error {
	pod := &slim_corev1.Pod{}
	if err := o.decode(pod); err != nil {
		return err
	}
	for i := range pod.Spec.Containers {
		for j := range pod.Spec.Containers[i].Ports {
			if port := &pod.Spec.Containers[i].Ports[j]; port.Protocol == "" {
				port.Protocol = slim_corev1.ProtocolTCP // the API server's default
			}
		}
	}
	name := pod.Namespace + "/" + pod.Name
	c.pods[name] = pod
	if pod.Spec.HostNetwork {
		return nil
	}
	for _, one := range pod.Status.PodIPs {
		address, err := netip.ParseAddr(one.IP)
		if err != nil {
			return err
		}
		c.podAt[address] = name
	}
	return nil
}

func (c *cluster) addAPIServers(o object) error {
	var slice endpointSliceObject
	if err := o.decode(&slice); err != nil {
		return err
	}
	for _, endpoint := range slice.Endpoints {
		for _, text := range endpoint.Addresses {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return err
			}
			c.apiServers = append(c.apiServers, address)
		}
	}
	return nil
}

func (c *cluster) namespace(name string) *slim_corev1.Namespace {
	if found, ok := c.namespaces[name]; ok {
		return found
	}
	found := &slim_corev1.Namespace{}
	found.Name = name
	return found
}

// The node that a check ends on; checks to an entity end on the scenario's own.
func (c *cluster) nodeOf(to end, own string) string {
	if to.Node != "" {
		return to.Node
	}
	if pod := c.pods[to.Pod]; pod != nil && pod.Spec.NodeName != "" {
		return pod.Spec.NodeName
	}
	return own
}

func (n *nodeObject) addresses() []netip.Addr {
	var all []netip.Addr
	for _, one := range n.Status.Addresses {
		if one.Type != slim_corev1.NodeInternalIP && one.Type != slim_corev1.NodeExternalIP {
			continue
		}
		if address, err := netip.ParseAddr(one.Address); err == nil {
			all = append(all, address)
		}
	}
	return all
}
