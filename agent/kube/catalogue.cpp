#include "agent/kube/catalogue.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/base/document.h"
#include "agent/kube/api_status.h"

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::chrono::seconds kTime{30};

}  // namespace

Catalogue::Catalogue(asio::any_io_executor executor, Api& api)
    : channel_(executor, api), turn_(executor, steady_clock::time_point::max()) {}

void Catalogue::invalidate() {
  groups_.reset();
  plurals_.clear();
}

void Catalogue::stop() {
  stopped_ = true;
  channel_.interrupt("stopped");
  turn_.cancel();
}

asio::awaitable<Result<std::optional<std::string>>> Catalogue::version_of(const Resource& resource) {
  if (!resource.is_custom) co_return resource.versions.front();
  while (is_asking_) {
    auto [ignored] = co_await turn_.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(ignored);
  }
  if (stopped_) co_return failure("stopped");
  is_asking_ = true;
  auto found = co_await look_up(resource);
  if (!found) invalidate();
  is_asking_ = false;
  turn_.cancel();
  co_return found;
}

asio::awaitable<Result<std::optional<std::string>>> Catalogue::look_up(const Resource& resource) {
  if (steady_clock::now() - loaded_at_ > kKeep) invalidate();
  if (!groups_) {
    auto loaded = co_await load_groups();
    if (!loaded) co_return because("discovery", loaded.error());
  }
  const auto group = groups_->find(resource.group);
  if (group == groups_->end()) co_return std::nullopt;
  const std::vector<std::string> served = group->second;
  const std::vector<std::string>& wanted = resource.versions.empty() ? served : resource.versions;
  for (const std::string& version : wanted) {
    if (std::ranges::find(served, version) == served.end()) continue;
    const std::string api_version = api_version_of(resource, version);
    if (!plurals_.contains(api_version)) {
      auto loaded = co_await load_resources(api_version);
      if (!loaded) co_return because("discovery of " + api_version, loaded.error());
    }
    if (plurals_[api_version].contains(resource.plural)) co_return version;
  }
  co_return std::nullopt;
}

asio::awaitable<Result<>> Catalogue::load_groups() {
  auto document = co_await get("/apis");
  if (!document) co_return Failure(document.error());
  const Document* list = document->get("groups");
  if (document->string_at("kind") != "APIGroupList" || list == nullptr || list->items.empty())
    co_return failure("/apis lists no groups");
  groups_.emplace();
  loaded_at_ = steady_clock::now();
  for (const Document& group : list->items) {
    auto& versions = (*groups_)[std::string(group.string_at("name"))];
    if (const Document* preferred = group.get("preferredVersion"))
      versions.emplace_back(preferred->string_at("version"));
    const Document* others = group.get("versions");
    if (others == nullptr) continue;
    for (const Document& other : others->items) {
      if (versions.empty() || other.string_at("version") != versions.front())
        versions.emplace_back(other.string_at("version"));
    }
  }
  co_return Result<>();
}

asio::awaitable<Result<>> Catalogue::load_resources(std::string api_version) {
  auto document = co_await get("/apis/" + api_version);
  if (!document) co_return Failure(document.error());
  const Document* list = document->get("resources");
  if (document->string_at("kind") != "APIResourceList" || list == nullptr)
    co_return failure("/apis/" + api_version + " lists no resources");
  auto& plurals = plurals_[api_version];
  for (const Document& resource : list->items) plurals.emplace(resource.string_at("name"));
  co_return Result<>();
}

asio::awaitable<Result<Document>> Catalogue::get(std::string target) {
  auto answer = co_await channel_.get(std::move(target));
  ++requests_[{"get", answer ? answer->status : 0}];
  if (!answer) co_return Failure(answer.error());
  auto body = co_await channel_.read_all(kMostBytes, steady_clock::now() + kTime);
  if (!body) co_return Failure(body.error());
  if (answer->status != 200) co_return failure(read_status(answer->status, *body).to_string());
  auto document = parse_json(*body);
  co_return document;
}

}  // namespace sextant::kube
