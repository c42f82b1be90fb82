// read_kubeconfig: the parts of a kubeconfig that say where the API server is and who asks.
#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <vector>

#include <openssl/evp.h>

#include "agent/base/document.h"
#include "agent/base/text.h"
#include "agent/kube/connection.h"

namespace sextant::kube {
namespace {

// RFC 4648, with line breaks as some editors leave them.
Result<std::string> decode_base64(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') packed.push_back(c);
  }
  std::string decoded(packed.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                      reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
  if (size < 0 || packed.size() % 4 != 0) return failure("no base64");
  std::size_t padding = 0;
  while (padding < 2 && padding < packed.size() && packed[packed.size() - 1 - padding] == '=') ++padding;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

// A file of the kubeconfig: relative paths in it are those of its folder.
struct File {
  Document content{};
  std::filesystem::path folder{};
};

// A map of an entry of a list, and the file that it stands in.
struct Found {
  const Document* map = nullptr;  // null: there is none
  std::filesystem::path folder{};
};

// The map called `field` of the list's first entry with that name: clusters, users and contexts are such lists.
Found find_named(const std::vector<File>& files, std::string_view list, std::string_view name, std::string_view field) {
  for (const File& file : files) {
    const Document* entries = file.content.get(list);
    if (entries == nullptr) continue;
    for (const Document& entry : entries->items) {
      if (entry.string_at("name") == name) return {.map = entry.get(field), .folder = file.folder};
    }
  }
  return {};
}

// A map of a kubeconfig, with what it is called for messages.
class Section {
 public:
  Section(Found found, std::string called)
      : map_(found.map == nullptr ? Document{} : *found.map),
        called_(std::move(called)),
        folder_(std::move(found.folder)) {}

  std::string text(std::string_view key) const { return std::string(map_.string_at(key)); }
  const Document* get(std::string_view key) const { return map_.get(key); }
  bool is_set(std::string_view key) const {
    const Document* value = map_.get(key);
    return value != nullptr && (!value->is_string() || !value->text.empty()) &&
           (value->kind != Document::Kind::kBool || value->boolean);
  }
  Failure refusal(std::string_view why) const { return failure(called_ + ": " + std::string(why)); }

  std::filesystem::path path(std::string_view key) const {
    const std::filesystem::path written = text(key);
    return written.empty() || written.is_absolute() ? written : folder_ / written;
  }

  // `NAME-data` counts before the file that NAME names.
  Result<Material> material(const std::string& key) const {
    Material found{.file = path(key)};
    const std::string data = text(key + "-data");
    if (data.empty()) return found;
    auto decoded = decode_base64(data);
    if (!decoded) return refusal(key + "-data: " + decoded.error().what);
    found.text = std::move(*decoded);
    return found;
  }

 private:
  Document map_;
  std::string called_;
  std::filesystem::path folder_;
};

Result<Connection> read_cluster(const Section& cluster) {
  if (cluster.is_set("insecure-skip-tls-verify"))
    return cluster.refusal("insecure-skip-tls-verify: Sextant talks to no server that it cannot verify");
  if (cluster.is_set("proxy-url")) return cluster.refusal("proxy-url is not supported");
  auto connection = parse_server(cluster.text("server"));
  if (!connection) return cluster.refusal(connection.error().what);
  connection->server_name = cluster.text("tls-server-name");
  auto ca = cluster.material("certificate-authority");
  if (!ca) return Failure(ca.error());
  connection->ca = std::move(*ca);
  return connection;
}

std::optional<Failure> unsupported(const Section& user) {
  if (const Document* exec = user.get("exec")) {
    return user.refusal("exec plugin " + quote(exec->string_at("command")) +
                        " is not supported: Sextant runs no other program; use a token or a client certificate");
  }
  if (const Document* provider = user.get("auth-provider"))
    return user.refusal("auth provider " + quote(provider->string_at("name")) + " is not supported");
  if (user.is_set("username") || user.is_set("password"))
    return user.refusal("username and password are not supported: no API server takes them since Kubernetes 1.19");
  for (const std::string_view key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (user.is_set(key)) return user.refusal(std::string(key) + ": impersonation is not supported");
  }
  return std::nullopt;
}

Result<> read_user(const Section& user, Connection& connection) {
  if (auto refused = unsupported(user)) return *refused;
  auto certificate = user.material("client-certificate");
  if (!certificate) return Failure(certificate.error());
  auto key = user.material("client-key");
  if (!key) return Failure(key.error());
  if (certificate->is_given() != key->is_given())
    return user.refusal("client-certificate and client-key are wanted together");
  connection.client_certificate = std::move(*certificate);
  connection.client_key = std::move(*key);
  connection.token.file = user.path("tokenFile");
  if (connection.token.file.empty()) connection.token.text = user.text("token");
  return {};
}

Result<File> read_file(const std::filesystem::path& file) {
  const auto text = Material{.file = file}.read();
  if (!text) return Failure(text.error());
  auto documents = parse_yaml(*text);
  if (!documents) return Failure(documents.error());
  if (documents->size() != 1 || !documents->front().is_map()) return failure("is no map");
  return File{.content = std::move(documents->front()), .folder = file.parent_path()};
}

// "kubeconfig a, b": what the errors are about.
std::string name_of(const KubeconfigFiles& kubeconfig) {
  std::string name = "kubeconfig";
  for (const auto& file : kubeconfig.files) name += (&file == kubeconfig.files.data() ? " " : ", ") + file.string();
  return name;
}

Result<std::vector<File>> read_files(const KubeconfigFiles& kubeconfig) {
  std::vector<File> files;
  std::optional<Error> missing;
  for (const auto& path : kubeconfig.files) {
    auto file = read_file(path);
    if (file) {
      files.push_back(std::move(*file));
    } else if (kubeconfig.may_be_missing && file.error().code == ENOENT) {
      missing = file.error();
    } else {
      return because("kubeconfig " + path.string(), file.error());
    }
  }
  if (!files.empty()) return files;
  return missing ? because("kubeconfig", *missing) : failure("kubeconfig: none is named");
}

std::string current_context(const std::vector<File>& files) {
  for (const File& file : files) {
    if (const auto current = file.content.string_at("current-context"); !current.empty()) return std::string(current);
  }
  return {};
}

}  // namespace

Result<Connection> read_kubeconfig(const KubeconfigFiles& kubeconfig) {
  const std::string doing = name_of(kubeconfig);
  const auto files = read_files(kubeconfig);
  if (!files) return Failure(files.error());
  const std::string current = kubeconfig.context.empty() ? current_context(*files) : kubeconfig.context;
  if (current.empty()) return failure(doing + ": current-context is missing");
  const Document* context = find_named(*files, "contexts", current, "context").map;
  if (context == nullptr) return failure(doing + ": there is no context " + quote(current));
  const std::string cluster_name(context->string_at("cluster"));
  const std::string user_name(context->string_at("user"));
  const Found cluster = find_named(*files, "clusters", cluster_name, "cluster");
  if (cluster.map == nullptr) return failure(doing + ": there is no cluster " + quote(cluster_name));
  const Found user = find_named(*files, "users", user_name, "user");
  if (user.map == nullptr && !user_name.empty()) return failure(doing + ": there is no user " + quote(user_name));

  auto connection = read_cluster({cluster, "cluster " + quote(cluster_name)});
  if (!connection) return because(doing, connection.error());
  if (auto read = read_user({user, "user " + quote(user_name)}, *connection); !read)
    return because(doing, read.error());
  return connection;
}

Result<Connection> read_kubeconfig(const std::filesystem::path& file) {
  return read_kubeconfig(KubeconfigFiles{.files = {file}});
}

KubeconfigFiles personal_kubeconfig(const std::filesystem::path& given, const char* kubeconfig_variable,
                                    const char* home) {
  if (!given.empty()) return {.files = {given}};
  KubeconfigFiles found{.may_be_missing = true};
  std::string_view list = kubeconfig_variable == nullptr ? "" : kubeconfig_variable;
  while (!list.empty()) {
    const std::string_view file = list.substr(0, list.find(':'));
    if (!file.empty()) found.files.emplace_back(file);
    list.remove_prefix(std::min(file.size() + 1, list.size()));
  }
  if (found.files.empty() && home != nullptr && *home != '\0')
    found.files.push_back(std::filesystem::path(home) / ".kube" / "config");
  return found;
}

}  // namespace sextant::kube
