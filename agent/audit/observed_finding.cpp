#include "agent/audit/observed_finding.h"

#include <algorithm>

#include "agent/audit/texts.h"

namespace sextant::audit {

Claim claim_about(const Picture& picture, const RowObservation& row, const JudgedRow& judged, const Code& code) {
  const SourceClass& source = *judged.observed_class;
  return {.code = code,
          .endpoint = picture.detail(row.key.endpoint),
          .protocol = row.key.protocol,
          .port = row.key.port,
          .source = SourceDetail{.source_class = texts::class_name(source),
                                 .prefixes = source.prefixes,
                                 .except = source.except,
                                 .sample = row.sample},
          .evidence = {texts::intended(*judged.cell), texts::not_looked(Witness::kObserved, ""),
                       texts::listening(picture.listening_at(row.key.endpoint, row.key.protocol, row.key.port))},
          .policies = texts::distinct(judged.cell->policies)};
}

std::optional<std::string> endpoint_gone(const Picture& picture, const Finding& finding) {
  if (!picture.intent_known() || picture.intent(finding.endpoint.ref) != nullptr) return std::nullopt;
  return finding.endpoint.ref.to_string() + " is gone from this node";
}

const IntentCell* cell_now(const Picture& picture, const Finding& finding) {
  const EndpointIntent* intent = picture.intent(finding.endpoint.ref);
  if (intent == nullptr || !finding.source || !finding.protocol || !finding.port) return nullptr;
  std::optional<IntentRow> row;
  if (finding.source->sample) {
    const auto now_in = picture.lookups().classify(*finding.source->sample);
    if (now_in) row = intent->row(now_in->id);
  }
  if (!row) {
    const auto named = std::ranges::find_if(
        intent->rows, [&](const IntentRow& r) { return texts::class_name(*r.source) == finding.source->source_class; });
    if (named == intent->rows.end()) return nullptr;
    row = *named;
  }
  return &row->cell(*finding.protocol, *finding.port);
}

std::optional<RowObservation> newest_of(const Picture& picture, const Finding& finding) {
  if (!finding.source || !finding.protocol || !finding.port) return std::nullopt;
  const RowObservation* newest = nullptr;
  const auto last_packet = [](const RowObservation& row) { return std::max(row.last_delivered, row.last_dropped); };
  for (const RowObservation* row : picture.rows.at(finding.endpoint.ref, *finding.protocol, *finding.port)) {
    const auto source = picture.lookups().source_class(row->key.source);
    if (!source || texts::class_name(*source) != finding.source->source_class) continue;
    if (newest == nullptr || last_packet(*row) > last_packet(*newest)) newest = row;
  }
  if (newest == nullptr) return std::nullopt;
  return *newest;
}

}  // namespace sextant::audit
