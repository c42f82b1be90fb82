// How the API server is reached and who Sextant is to it: the service account of its pod, or a kubeconfig.
//
// TLS always, and always verified: what asks for less (http, insecure-skip-tls-verify) is refused, and so is what would
// run another program (exec plugins) or speak for another user.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sextant::kube {

// Text that stands in a configuration, or in a file that may be replaced while Sextant runs.
struct Material {
  std::string text{};
  std::filesystem::path file{};  // counts only where there is no text
  bool is_given() const { return !text.empty() || !file.empty(); }
  // The text as it is now; empty when nothing is given. Errors name the file; one beyond 1 MiB is an error.
  Result<std::string> read() const;
};

struct Connection {
  std::string host{};  // a name or an address, without brackets
  std::uint16_t port = 443;
  std::string base_path{};        // of an API server behind a path: "/k8s/clusters/c-1"; else empty
  std::string server_name{};      // whom the certificate must name; empty: `host`
  Material ca{};                  // PEM; nothing: the system's certificates
  Material client_certificate{};  // PEM; nothing: none
  Material client_key{};
  Material token{};  // bearer; nothing: none

  std::string authority() const;  // "[2001:db8::1]:6443", "api.example.org:6443"
  const std::string& verified_name() const { return server_name.empty() ? host : server_name; }
};

inline constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

// From $KUBERNETES_SERVICE_HOST and _PORT, and the files that the kubelet mounts (k8s.io/client-go,
// rest.InClusterConfig).
Result<Connection> in_cluster(const std::filesystem::path& mount = kServiceAccount);

// The current context of a kubeconfig (k8s.io/client-go, clientcmd). Relative paths are those of the file's folder.
// Errors name what is missing, or what is there and not supported: an exec plugin or an auth provider by its name.
Result<Connection> read_kubeconfig(const std::filesystem::path& file);

// Several files that are one: of what stands in more than one of them under the same name, the first counts.
struct KubeconfigFiles {
  std::vector<std::filesystem::path> files{};
  bool may_be_missing = false;  // those that are not there are passed over; all of them is an error
  std::string context{};        // empty: the current one
};
Result<Connection> read_kubeconfig(const KubeconfigFiles& kubeconfig);

// Where a person's kubeconfig is: `given`, else the files of $KUBECONFIG ("a:b"), else ~/.kube/config.
KubeconfigFiles personal_kubeconfig(const std::filesystem::path& given, const char* kubeconfig_variable,
                                    const char* home);

// "https://HOST[:PORT][/PATH]" into host, port and base_path.
Result<Connection> parse_server(std::string_view url);

}  // namespace sextant::kube
