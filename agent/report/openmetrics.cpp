// OpenMetrics 1.0.0 text. Differs from Prometheus text 0.0.4 in the names of counters and infos (the family's name has
// no suffix), in floats for bucket bounds, and in the final # EOF.
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "agent/report/metrics.h"

namespace sextant::report {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end);
}

// Bounds are the same label value only if they are the same text: always with a point.
std::string bound(double value) {
  std::string out = number(value);
  return out.find_first_of(".einN") == std::string::npos ? out + ".0" : out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

class Writer {
 public:
  void write(const MetricFamily& family) {
    std::string_view name = family.name;
    std::string_view type = "gauge";
    if (family.type == MetricType::Counter && name.ends_with("_total")) {
      name.remove_suffix(std::string_view("_total").size());
      type = "counter";
    } else if (family.type == MetricType::Gauge && name.ends_with("_info")) {
      name.remove_suffix(std::string_view("_info").size());
      type = "info";
    } else if (family.type == MetricType::Histogram) {
      type = "histogram";
    }
    out_ += "# TYPE " + std::string(name) + ' ' + std::string(type) + '\n';
    out_ += "# HELP " + std::string(name) + ' ' + escaped(family.help) + '\n';
    for (const ClientMetric& metric : family.metric) write(family, metric);
  }

  std::string finish() { return std::move(out_) + "# EOF\n"; }

 private:
  void write(const MetricFamily& family, const ClientMetric& metric) {
    if (family.type == MetricType::Counter) return sample(family.name, metric, {}, number(metric.counter.value));
    if (family.type != MetricType::Histogram) return sample(family.name, metric, {}, number(metric.gauge.value));
    for (const auto& bucket : metric.histogram.bucket) {
      sample(family.name + "_bucket", metric, bound(bucket.upper_bound), std::to_string(bucket.cumulative_count));
    }
    const std::string count = std::to_string(metric.histogram.sample_count);
    sample(family.name + "_bucket", metric, "+Inf", count);
    sample(family.name + "_count", metric, {}, count);
    sample(family.name + "_sum", metric, {}, number(metric.histogram.sample_sum));
  }

  void sample(const std::string& name, const ClientMetric& metric, std::string_view le, const std::string& value) {
    std::string labels;
    const auto add = [&labels](std::string_view key, std::string_view text) {
      labels += (labels.empty() ? "" : ",") + std::string(key) + "=\"" + escaped(text) + '"';
    };
    for (const auto& label : metric.label) add(label.name, label.value);
    if (!le.empty()) add("le", le);
    out_ += name + (labels.empty() ? "" : '{' + labels + '}') + ' ' + value + '\n';
  }

  std::string out_{};
};

}  // namespace

std::string to_openmetrics(const std::vector<MetricFamily>& families) {
  Writer writer;
  for (const MetricFamily& family : families) writer.write(family);
  return writer.finish();
}

}  // namespace sextant::report
