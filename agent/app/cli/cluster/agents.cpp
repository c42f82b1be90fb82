#include "agent/app/cli/cluster/agents.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/base/document.h"
#include "agent/kube/api_status.h"

namespace sextant::app::cli {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kNamesOnly =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view kLabel = "app.kubernetes.io/name=sextant";
constexpr std::size_t kPodsOfAPage = 100;  // some 10 KB each
constexpr std::size_t kNodesOfAPage = 500;

v1alpha1::SilentNode silent(std::string_view node, std::string reason) {
  v1alpha1::SilentNode out;
  out.set_node(std::string(node));
  out.set_reason(std::move(reason));
  return out;
}

Result<Document> read_list(std::string_view json, std::string_view what) {
  auto list = parse_json(json);
  if (!list) return because(what, list.error());
  const Document* items = list->find("items");
  if (items == nullptr || !(items->is_list() || items->is_null())) return failure(std::string(what) + ": is no list");
  return list;
}

std::string next_of(const Document& list) {
  const Document* next = list.at({"metadata", "continue"});
  return next == nullptr ? "" : std::string(next->string_or(""));
}

// The port that a container calls "http".
void read_port(const Document& pod, Agent& agent) {
  const Document* containers = pod.at({"spec", "containers"});
  if (containers == nullptr) return;
  for (const Document& container : containers->items) {
    const Document* ports = container.get("ports");
    if (ports == nullptr) continue;
    for (const Document& port : ports->items) {
      const Document* number = port.get("containerPort");
      if (port.string_at("name") != "http" || number == nullptr || number->integer < 1 || number->integer > 65535)
        continue;
      agent.port = static_cast<std::uint16_t>(number->integer);
      agent.declares_port = true;
    }
  }
}

void add_pod(const Document& pod, PodPage& page) {
  const Document* meta = pod.get("metadata");
  const Document* spec = pod.get("spec");
  if (meta == nullptr || spec == nullptr || meta->get("deletionTimestamp") != nullptr) return;
  Agent agent{.node = std::string(spec->string_at("nodeName")),
              .ns = std::string(meta->string_at("namespace")),
              .pod = std::string(meta->string_at("name"))};
  if (agent.node.empty()) return;
  const Document* status = pod.get("status");
  const std::string phase(status == nullptr ? "" : status->string_at("phase"));
  if (phase != "Running") {
    page.not_running.push_back(
        silent(agent.node, "pod " + agent.ns + "/" + agent.pod + " is " + (phase.empty() ? "not running" : phase)));
    return;
  }
  read_port(pod, agent);
  page.running.push_back(std::move(agent));
}

std::string page_query(std::string_view first, std::size_t limit, const std::string& next) {
  Query query;
  if (!first.empty()) query.add("labelSelector", first);
  query.add("limit", std::to_string(limit));
  if (!next.empty()) query.add("continue", next);
  return query.text();
}

// The body of a 200.
asio::awaitable<Result<std::string>> list_page(Lane& lane, std::string target, std::string_view accept,
                                               std::string doing) {
  auto answer = co_await lane.get(std::move(target), std::string(accept));
  if (!answer) co_return because(doing, answer.error());
  if (answer->status == 200) co_return std::move(answer->body);
  co_return failure(doing + ": " + kube::read_status(answer->status, answer->body).to_string());
}

asio::awaitable<Result<>> list_pods(Lane& lane, std::string ns, Agents& agents) {
  const std::string path = "/api/v1/namespaces/" + percent_encoded(ns) + "/pods";
  std::string next;
  do {
    auto body = co_await list_page(lane, path + page_query(kLabel, kPodsOfAPage, next), kJson, "list pods of " + ns);
    if (!body) co_return Failure(body.error());
    auto page = read_pods(*body);
    if (!page) co_return Failure(page.error());
    std::ranges::move(page->running, std::back_inserter(agents.running));
    std::ranges::move(page->not_running, std::back_inserter(agents.silent));
    next = std::move(page->next);
  } while (!next.empty());
  co_return Result<>();
}

asio::awaitable<Result<std::vector<std::string>>> list_nodes(Lane& lane) {
  std::vector<std::string> names;
  std::string next;
  do {
    auto body =
        co_await list_page(lane, "/api/v1/nodes" + page_query({}, kNodesOfAPage, next), kNamesOnly, "list nodes");
    if (!body) co_return Failure(body.error());
    auto page = read_names(*body);
    if (!page) co_return Failure(page.error());
    std::ranges::move(page->names, std::back_inserter(names));
    next = std::move(page->next);
  } while (!next.empty());
  co_return names;
}

}  // namespace

std::string Agent::proxy_path() const {
  return "/api/v1/namespaces/" + percent_encoded(ns) + "/pods/http:" + percent_encoded(pod) + ":" +
         std::to_string(port) + "/proxy";
}

Result<PodPage> read_pods(std::string_view json) {
  const auto list = read_list(json, "pods");
  if (!list) return Failure(list.error());
  PodPage page{.next = next_of(*list)};
  for (const Document& pod : list->find("items")->items) add_pod(pod, page);
  return page;
}

Result<NamePage> read_names(std::string_view json) {
  const auto list = read_list(json, "nodes");
  if (!list) return Failure(list.error());
  NamePage page{.next = next_of(*list)};
  for (const Document& item : list->find("items")->items) {
    const Document* meta = item.get("metadata");
    if (meta != nullptr) page.names.emplace_back(meta->string_at("name"));
  }
  return page;
}

void name_bare_nodes(Agents& agents, const std::vector<std::string>& nodes) {
  std::set<std::string, std::less<>> known;
  for (const Agent& agent : agents.running) known.insert(agent.node);
  for (const auto& node : agents.silent) known.insert(node.node());
  for (const std::string& node : nodes) {
    if (!known.contains(node)) agents.silent.push_back(silent(node, "no pod of Sextant is on it"));
  }
}

asio::awaitable<Result<Agents>> find_agents(Lane& lane, std::string ns) {
  Agents agents;
  auto pods = co_await list_pods(lane, ns, agents);
  if (!pods) co_return Failure(pods.error());
  if (agents.running.empty() && agents.silent.empty())
    co_return failure("no pod of namespace " + ns + " has the label " + std::string(kLabel) +
                      " (--sextant-namespace says where else Sextant runs)");
  auto nodes = co_await list_nodes(lane);
  if (nodes) {
    name_bare_nodes(agents, *nodes);
  } else {
    agents.nodes_unknown = nodes.error().what;
  }
  co_return agents;
}

}  // namespace sextant::app::cli
