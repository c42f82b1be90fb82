#include "agent/report/page_exposure.h"

#include <algorithm>
#include <ranges>

#include "agent/report/page_html.h"

namespace sextant::report {
namespace {

using Group = std::vector<const Exposure*>;

bool same_endpoint(const Exposure& a, const Exposure& b) { return a.endpoint.ref == b.endpoint.ref; }

bool same_but_ports(const Exposure& a, const Exposure& b) {
  return same_endpoint(a, b) && a.verdict == b.verdict && a.because == b.because && a.world == b.world &&
         a.prefixes == b.prefixes && a.except == b.except && a.reason == b.reason;
}

// The exposures of one endpoint stand together.
std::vector<Group> groups_of(const std::vector<Exposure>& exposure) {
  std::vector<Group> groups;
  for (const Exposure& x : exposure) {
    Group* home = nullptr;
    for (Group& group : groups | std::views::reverse) {
      if (!same_endpoint(*group.front(), x)) break;
      if (same_but_ports(*group.front(), x)) home = &group;
    }
    if (home != nullptr) {
      home->push_back(&x);
    } else {
      groups.push_back({&x});
    }
  }
  return groups;
}

std::string ports_of(const Exposure& x) { return html_ports(x.protocol, x.first_port, x.last_port); }

bool listens(const Exposure& x) { return x.listening && x.listening->verdict == Verdict::kAllow; }

// One line for each port that somebody listens on, and one for all the others.
std::string ports_cell(const Group& group) {
  std::string open;
  std::string others;
  bool nothing_listens = true;
  for (const Exposure* x : group) {
    if (listens(*x)) {
      open += "<p><b class=\"mono\">" + ports_of(*x) + "</b> " + html_escaped(x->listening->process) + "</p>";
      continue;
    }
    others += (others.empty() ? "" : ", ") + ports_of(*x);
    nothing_listens = nothing_listens && x->listening && x->listening->verdict == Verdict::kDeny;
  }
  if (others.empty()) return open;
  return open + "<p class=\"quiet\">" + others + (nothing_listens ? ": nothing listens" : "") + "</p>";
}

std::string who_cell(const Exposure& x) {
  const std::string who = x.world ? "the internet" : "<span class=\"mono\">" + html_prefixes(x.prefixes) + "</span>";
  if (x.except.empty()) return who;
  return who + "<br>" + html_quiet("except") + " <span class=\"mono\">" + html_prefixes(x.except) + "</span>";
}

std::string endpoint_cell(const Exposure& x) {
  std::string cell = html_mono(x.endpoint.ref.to_string());
  if (!x.endpoint.workload.empty()) cell += "<br>" + html_quiet(x.endpoint.workload);
  if (x.endpoint.address) cell += "<br>" + html_mono(x.endpoint.address->to_string());
  return cell;
}

// What nobody wrote does not look like what somebody meant.
std::string verdict_cell(const Exposure& x) {
  const bool unmeant = x.verdict == Verdict::kAllow && by_default(x.because);
  return unmeant ? html_tag("allow by default", "warning") : html_tag(to_string(x.verdict));
}

}  // namespace

std::string exposure_table(const std::vector<Exposure>& exposure) {
  if (exposure.empty()) return "<p class=\"quiet\">The internet can reach nothing on this node.</p>\n";
  HtmlTable table{"Endpoint", "Ports", "Verdict", "Who", "Why"};
  const std::vector<Group> groups = groups_of(exposure);
  for (const Group& group : groups | std::views::take(kMaxRows)) {
    const Exposure& x = *group.front();
    table.row({endpoint_cell(x), ports_cell(group), verdict_cell(x), who_cell(x), html_escaped(x.reason)});
  }
  return std::move(table).finish(groups.size());
}

}  // namespace sextant::report
