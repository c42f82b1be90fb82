#include "agent/audit/rows.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "agent/audit/exposure.h"

namespace sextant::audit {
namespace {

using PortObservations = std::map<PortKey, ObservedView>;

std::optional<ObservedView> view_of(const RowObservation& row) {
  if (newest_delivered(row)) {
    return ObservedView{.verdict = Verdict::kAllow, .packets = row.delivered, .last_seen = row.last_delivered};
  }
  if (row.dropped == 0) return std::nullopt;
  return ObservedView{.verdict = Verdict::kDeny,
                      .packets = row.dropped,
                      .last_seen = row.last_dropped,
                      .drop_reason = row.drop_reason};
}

// Rows of classes that were cut anew come together in the row that their sources are in now.
std::map<const IntentRow*, PortObservations> observations_of(const Picture& picture, const EndpointRef& endpoint) {
  std::map<const IntentRow*, PortObservations> all;
  for (const RowObservation* row : picture.rows.of(endpoint)) {
    const auto judged = picture.judge(*row);
    auto view = view_of(*row);
    if (!judged || judged->row == nullptr || !view) continue;
    const auto [known, is_new] = all[judged->row].try_emplace({row->key.protocol, row->key.port}, *view);
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
  return cell.protocol == before.protocol && cell.first_port == before.last_port + 1 && cell.verdict == before.verdict &&
         cell.because == before.because && cell.policies == before.policies && cell.why == before.why;
}

// One class of sources of one endpoint.
class ClassRows {
 public:
  ClassRows(const EndpointDetail& endpoint, const IntentRow& row, const PortViews* listening,
            const PortObservations& observed, std::vector<EndpointRow>& out)
      : endpoint_(endpoint), row_(row), listening_(listening), observed_(observed), out_(out) {}

  void add() {
    std::vector<IntentCell> cells;
    for (const IntentCell& cell : row_.cells) {
      if (!cells.empty() && continues(cell, cells.back())) cells.back().last_port = cell.last_port;
      else cells.push_back(cell);
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
      if (port > next) add_range(cell, cell.protocol, static_cast<std::uint16_t>(next), static_cast<std::uint16_t>(port - 1));
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
                    .source = row_.source,
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
  const PortViews* listening_;
  const PortObservations& observed_;
  std::vector<EndpointRow>& out_;
};

}  // namespace

std::vector<EndpointRow> rows_of(const Picture& picture) {
  std::vector<EndpointRow> rows;
  const PortObservations nothing;
  for (const auto& [endpoint, intent] : picture.intents()) {
    const EndpointDetail detail = picture.detail(endpoint);
    const auto observed = observations_of(picture, endpoint);
    for (const IntentRow& row : intent->rows) {
      const auto seen = observed.find(&row);
      if (!row.source->is_public && seen == observed.end()) continue;
      ClassRows(detail, row, picture.listening_of(endpoint), seen == observed.end() ? nothing : seen->second, rows).add();
    }
  }
  std::ranges::stable_sort(rows, {}, [](const EndpointRow& row) {
    return std::tuple<const EndpointRef&, int, std::uint16_t, const std::string&>(
        row.endpoint.ref, rank(row.protocol), row.port, row.source->name);
  });
  return rows;
}

}  // namespace sextant::audit
