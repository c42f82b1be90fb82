package main

import (
	"errors"
	"fmt"

	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"

	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

// The policy repository, and the policy maps that have been computed from it.
type repository struct {
	*policy.Repository
	identities identitymanager.IDManager
	maps       map[subject]computed
}

type subject struct {
	id  identity.NumericIdentity
	pod *slim_corev1.Pod // null: an endpoint of Cilium's own
}

type computed struct {
	policy *policy.EndpointPolicy
	err    error
}

func (r *repository) add(p policyObject) { r.ReplaceByResource(p.rules, p.resource) }

// Who owns a policy map, as far as a policy asks.
type owner struct {
	ports types.NamedPortMap
	host  bool
}

func (o *owner) GetID() uint64 { return 1 }
func (o *owner) IsHost() bool  { return o.host }
func (o *owner) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

// The policy map of a subject. The error: the agent cannot compute it, or stops at it.
func (r *repository) mapOf(id *identity.Identity, pod *slim_corev1.Pod) (*policy.EndpointPolicy, error) {
	who := subject{id.ID, pod}
	known, ok := r.maps[who]
	if !ok {
		known.policy, known.err = r.compute(id, &owner{ports: portsOf(pod), host: id.ID == identity.ReservedIdentityHost})
		r.maps[who] = known
		if known.err != nil {
			logger.Info("no policy", "identity", id.Labels, "error", known.err)
		}
	}
	return known.policy, known.err
}

func (r *repository) compute(id *identity.Identity, who *owner) (result *policy.EndpointPolicy, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("crash: %v", cause)
		}
	}()
	selected, err := r.selectorPolicy(id)
	if err != nil {
		return nil, err
	}
	if selected == nil {
		return nil, errors.New("no policy")
	}
	result = distill(selected, who)
	return result, result.Ready()
}

// Empty: none.
func (r *repository) verdict(id *identity.Identity, pod *slim_corev1.Pod, peer identity.NumericIdentity,
	proto u8proto.U8proto, port uint16) (verdict string) {
	found, err := r.mapOf(id, pod)
	if err != nil {
		return ""
	}
	defer func() {
		if recover() != nil { // 1.17's look-up, of port 0
			verdict = ""
		}
	}()
	return lookUp(found, policy.IngressKey().WithIdentity(peer).WithPortProtoPrefix(proto, port, 16))
}
