#include "agent/audit/rows.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "agent/audit/exposure.h"
#include "agent/audit/services/service_rows.h"
#include "agent/audit/source_set.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

using PortObservations = std::map<PortKey, ObservedView>;

std::optional<ObservedView> view_of(const RowObservation& row) {
  if (newest_delivered(row)) {
    return ObservedView{.verdict = Verdict::kAllow, .packets = row.delivered, .last_seen = row.last_delivered};
  }
  if (row.dropped == 0) return std::nullopt;
  return ObservedView{
      .verdict = Verdict::kDeny, .packets = row.dropped, .last_seen = row.last_dropped, .drop_reason = row.drop_reason};
}

// Rows of classes that were cut anew come together in the row that their sources are in now.
std::map<ClassId, PortObservations> observations_of(const Picture& picture, const EndpointRef& endpoint) {
  std::map<ClassId, PortObservations> all;
  for (const RowObservation* row : picture.rows.of(endpoint)) {
    const auto judged = picture.judge(*row);
    auto view = view_of(*row);
    if (!judged || !judged->row || !view) continue;
    const auto [known, is_new] = all[judged->row->source->id].try_emplace({row->key.protocol, row->key.port}, *view);
    if (is_new) continue;
    if (known->second.verdict == view->verdict) view->packets += known->second.packets;
    if (view->last_seen > known->second.last_seen) known->second = std::move(*view);
  }
  return all;
}

IntendedView intended(const IntentCell& cell) {
  return {.verdict = cell.verdict, .because = cell.because, .why = cell.why, .policies = cell.policies};
}

bool continues(const IntentCell& cell, const IntentCell& before) {
  return cell.protocol == before.protocol && cell.first_port == before.last_port + 1 &&
         cell.verdict == before.verdict && cell.because == before.because && cell.policies == before.policies &&
         cell.why == before.why;
}

// One class of sources of one endpoint.
class ClassRows {
 public:
  ClassRows(const EndpointDetail& endpoint, const IntentRow& row, std::shared_ptr<const SourceClass> source,
            const PortViews* listening, const PortObservations& observed, std::vector<EndpointRow>& out)
      : endpoint_(endpoint),
        row_(row),
        source_(std::move(source)),
        listening_(listening),
        observed_(observed),
        out_(out) {}

  void add() {
    std::vector<IntentCell> cells;
    for (const IntentCell& cell : row_.cells) {
      if (!cells.empty() && continues(cell, cells.back()))
        cells.back().last_port = cell.last_port;
      else
        cells.push_back(cell);
    }
    for (const IntentCell& cell : cells) {
      add_cell(cell);
      if (cell.protocol == Protocol::kAny) add_other_protocols(cell);
    }
  }

 private:
  void add_cell(const IntentCell& cell) {
    std::uint32_t next = cell.first_port;  // one more than a port can be at the end
    for (const std::uint16_t port : told_apart(cell)) {
      if (port > next)
        add_range(cell, cell.protocol, static_cast<std::uint16_t>(next), static_cast<std::uint16_t>(port - 1));
      add_range(cell, cell.protocol, port, port);
      next = std::uint32_t{port} + 1;
    }
    if (next <= cell.last_port) add_range(cell, cell.protocol, static_cast<std::uint16_t>(next), cell.last_port);
  }

  // Protocols that only the cell for "every other" speaks of, and that were seen.
  void add_other_protocols(const IntentCell& cell) {
    for (const auto& [port, view] : observed_) {
      if (&row_.cell(port.first, port.second) != &row_.cell(Protocol::kAny, port.second)) continue;
      add_range(cell, port.first, port.second, port.second);
    }
  }

  std::set<std::uint16_t> told_apart(const IntentCell& cell) const {
    std::set<std::uint16_t> ports;
    const auto add_ports = [&](const auto& views) {
      auto view = views.lower_bound({cell.protocol, cell.first_port});
      for (; view != views.end() && view->first <= PortKey{cell.protocol, cell.last_port}; ++view) {
        ports.insert(view->first.second);
      }
    };
    if (listening_ != nullptr && has_ports(cell.protocol)) add_ports(*listening_);
    add_ports(observed_);
    return ports;
  }

  void add_range(const IntentCell& cell, Protocol protocol, std::uint16_t first, std::uint16_t last) {
    EndpointRow row{.endpoint = endpoint_,
                    .protocol = protocol,
                    .port = first,
                    .end_port = last,
                    .source = source_,
                    .intended = intended(cell)};
    if (listening_ != nullptr && has_ports(protocol)) {
      const auto view = listening_->find({protocol, first});
      row.listening = view == listening_->end() ? ListeningView{.verdict = Verdict::kDeny} : view->second;
    }
    if (const auto view = observed_.find({protocol, first}); view != observed_.end()) row.observed = view->second;
    out_.push_back(std::move(row));
  }

  const EndpointDetail& endpoint_;
  const IntentRow& row_;
  const std::shared_ptr<const SourceClass> source_;
  const PortViews* listening_;
  const PortObservations& observed_;
  std::vector<EndpointRow>& out_;
};

// Sets of classes with their union: endpoints that treat the same classes alike share it.
using Unions = std::map<std::vector<ClassId>, std::shared_ptr<const SourceClass>>;

bool same_stretches(const IntentRow& a, const IntentRow& b) {
  return std::ranges::equal(a.cells, b.cells, [](const IntentCell& x, const IntentCell& y) {
    return x.protocol == y.protocol && x.first_port == y.first_port && x.last_port == y.last_port &&
           x.verdict == y.verdict && x.because == y.because && x.policies == y.policies && x.why == y.why;
  });
}

// The rows of one endpoint, by class. A class that some policy names, but that is neither treated otherwise here than
// the internet is, nor was seen here, is part of the internet's row: policies name thousands of prefixes.
class EndpointRows {
 public:
  EndpointRows(const Picture& picture, const EndpointRef& endpoint, const EndpointIntent& intent, Unions& unions)
      : intent_(intent),
        detail_(picture.detail(endpoint)),
        listening_(picture.listening_of(endpoint)),
        observed_(observations_of(picture, endpoint)),
        unions_(unions) {
    const auto internet = std::ranges::find_if(
        intent.rows, [](const IntentRow& row) { return texts::class_name(*row.source) == "world"; });
    if (internet != intent.rows.end()) internet_ = *internet;
  }

  void add(std::vector<EndpointRow>& out) {
    static const PortObservations kNothing;
    std::vector<std::shared_ptr<const SourceClass>> like_the_internet;
    for (const IntentRow& row : intent_.rows) {
      const auto seen = observed_.find(row.source->id);
      const bool is_internet = internet_ && row.source == internet_->source;
      if (is_internet || (!row.source->is_public && seen == observed_.end())) continue;
      if (seen == observed_.end() && internet_ && same_stretches(row, *internet_)) {
        like_the_internet.push_back(row.source);
        continue;
      }
      ClassRows(detail_, row, row.source, listening_, seen == observed_.end() ? kNothing : seen->second, out).add();
    }
    if (!internet_) return;
    like_the_internet.push_back(internet_->source);
    const auto seen = observed_.find(internet_->source->id);
    ClassRows(detail_, *internet_, united(like_the_internet), listening_,
              seen == observed_.end() ? kNothing : seen->second, out)
        .add();
  }

 private:
  // The internet's class is the last of them.
  std::shared_ptr<const SourceClass> united(const std::vector<std::shared_ptr<const SourceClass>>& classes) {
    if (classes.size() == 1) return classes.front();
    std::vector<ClassId> ids;
    for (const auto& source : classes) ids.push_back(source->id);
    auto& known = unions_[std::move(ids)];
    if (known) return known;
    SourceSet set = union_of(classes);
    SourceClass all = *classes.back();
    all.prefixes = std::move(set.prefixes);
    all.except = std::move(set.except);
    return known = std::make_shared<const SourceClass>(std::move(all));
  }

  const EndpointIntent& intent_;
  const EndpointDetail detail_;
  const PortViews* listening_;
  const std::map<ClassId, PortObservations> observed_;
  Unions& unions_;
  std::optional<IntentRow> internet_{};
};

}  // namespace

std::vector<EndpointRow> rows_of(const Picture& picture) {
  std::vector<EndpointRow> rows;
  Unions unions;
  for (const auto& [endpoint, intent] : picture.intents()) EndpointRows(picture, endpoint, *intent, unions).add(rows);
  for (const DoorPassages& door : picture.doors())
    std::ranges::move(rows_of(picture.world(), door), std::back_inserter(rows));
  std::ranges::stable_sort(rows, {}, [](const EndpointRow& row) {
    return std::tuple<const EndpointRef&, int, std::uint16_t, const std::string&>(row.endpoint.ref, rank(row.protocol),
                                                                                  row.port, row.source->name);
  });
  return rows;
}

}  // namespace sextant::audit
