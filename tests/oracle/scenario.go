package main

import (
	"encoding/json"
	"fmt"
	"slices"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// A line of a corpus file. What is not read is passed through.
type scenario struct {
	fields  map[string]json.RawMessage
	cluster clusterOptions
	objects []object
	checks  []check
}

type clusterOptions struct {
	Name                string `json:"name"`
	Families            string `json:"families"`
	EnablePolicy        string `json:"enable-policy"`
	AllowLocalhost      string `json:"allow-localhost"`
	HostFirewall        bool   `json:"enable-host-firewall"`
	DefaultLocalCluster *bool  `json:"policy-default-local-cluster"`
	NodeSelectorLabels  bool   `json:"enable-node-selector-labels"`
	CIDRMatchMode       string `json:"policy-cidr-match-mode"`
	Node                string `json:"node"`
}

type object struct {
	kind, namespace, name string
	raw                   json.RawMessage
}

type end struct {
	Pod     string `json:"pod"`
	Node    string `json:"node"`
	Entity  string `json:"entity"`
	Address string `json:"address"`
}

type check struct {
	fields   map[string]json.RawMessage
	To       end    `json:"to"`
	From     end    `json:"from"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

// The part of a Pod, Node or Namespace that an agent's decisions depend on; Cilium's own types where it has them.
type namespaceObject struct {
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
}

type nodeObject struct {
	namespaceObject
	Status slim_corev1.NodeStatus `json:"status"`
}

type endpointSliceObject struct {
	Endpoints []struct {
		Addresses []string `json:"addresses"`
	} `json:"endpoints"`
}

func readScenario(line []byte) (*scenario, error) {
	s := &scenario{}
	if err := json.Unmarshal(line, &s.fields); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(s.fields["cluster"], &s.cluster); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	var objects, checks []json.RawMessage
	if err := json.Unmarshal(s.fields["objects"], &objects); err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	if err := json.Unmarshal(s.fields["checks"], &checks); err != nil {
		return nil, fmt.Errorf("checks: %w", err)
	}
	for _, raw := range objects {
		var head struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("object: %w", err)
		}
		s.objects = append(s.objects, object{head.Kind, head.Metadata.Namespace, head.Metadata.Name, raw})
	}
	for _, raw := range checks {
		var c check
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
		if err := json.Unmarshal(raw, &c.fields); err != nil {
			return nil, err
		}
		s.checks = append(s.checks, c)
	}
	return s, nil
}

func (s *scenario) has(kind string) bool {
	return slices.ContainsFunc(s.objects, func(o object) bool { return o.kind == kind })
}

// Decodes as client-go does: case-sensitive, unknown fields ignored.
func (o object) decode(into any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(o.raw, into)
}

// "CNP ns/name", the way `invalid` names an object.
func (o object) String() string {
	short := map[string]string{
		"CiliumNetworkPolicy": "CNP", "CiliumClusterwideNetworkPolicy": "CCNP", "NetworkPolicy": "KNP",
		"ClusterNetworkPolicy": "ClusterNetworkPolicy",
	}[o.kind]
	if o.namespace != "" {
		return short + " " + o.namespace + "/" + o.name
	}
	return short + " " + o.name
}

// Adds what this release says, beside what others have said.
func (s *scenario) line(verdicts []string, invalid []string) ([]byte, error) {
	for i := range s.checks {
		said := map[string]string{}
		if raw, ok := s.checks[i].fields["verdict"]; ok {
			if err := json.Unmarshal(raw, &said); err != nil {
				return nil, err
			}
		}
		delete(said, release)
		if verdicts[i] != "" {
			said[release] = verdicts[i]
		}
		s.checks[i].fields["verdict"], _ = json.Marshal(said)
	}
	refused := map[string][]string{}
	if raw, ok := s.fields["invalid"]; ok {
		if err := json.Unmarshal(raw, &refused); err != nil {
			return nil, err
		}
	}
	delete(refused, release)
	if len(invalid) > 0 {
		refused[release] = invalid
	}
	delete(s.fields, "invalid")
	if len(refused) > 0 {
		s.fields["invalid"], _ = json.Marshal(refused)
	}
	checks := make([]map[string]json.RawMessage, len(s.checks))
	for i := range s.checks {
		checks[i] = s.checks[i].fields
	}
	s.fields["checks"], _ = json.Marshal(checks)
	return json.Marshal(s.fields)
}
